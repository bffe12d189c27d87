package main

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

// workQueue holds one key and writes down what is done with it, and with others. It never waits.
type workQueue struct {
	workqueue.TypedRateLimitingInterface[string]
	key      string
	requeues int
	calls    []string
	after    *time.Duration
}

func (q *workQueue) Get() (string, bool)    { return q.key, false }
func (q *workQueue) Done(string)            {}
func (q *workQueue) NumRequeues(string) int { return q.requeues }
func (q *workQueue) Add(key string)         { q.called("add", key) }

func (q *workQueue) called(what, key string) {
	if key != q.key {
		what += " " + key
	}
	q.calls = append(q.calls, what)
}

func (q *workQueue) AddRateLimited(key string) {
	q.requeues++
	q.called("add-rate-limited", key)
}

func (q *workQueue) Forget(key string) {
	q.requeues = 0
	q.called("forget", key)
}

// AddAfter keeps the earliest time, as the waiting part of the real queue does.
func (q *workQueue) AddAfter(key string, after time.Duration) {
	if q.after == nil || after < *q.after {
		q.after = &after
	}
	q.called("add-after", key)
}

// eventRecorder keeps the events of one sync as "Normal ScalingReplicaSet Scaled up …".
type eventRecorder struct{ events []string }

var _ record.EventRecorder = &eventRecorder{}

func (r *eventRecorder) Event(_ runtime.Object, kind, reason, message string) {
	r.events = append(r.events, fmt.Sprintf("%s %s %s", kind, reason, message))
}

func (r *eventRecorder) Eventf(object runtime.Object, kind, reason, format string, args ...any) {
	r.Event(object, kind, reason, fmt.Sprintf(format, args...))
}

func (r *eventRecorder) AnnotatedEventf(object runtime.Object, _ map[string]string, kind, reason, format string, args ...any) {
	r.Event(object, kind, reason, fmt.Sprintf(format, args...))
}
