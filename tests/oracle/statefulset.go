package main

import (
	"context"
	"reflect"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/utils/lru"
)

// statefulSetSubject is the StatefulSet controller.
type statefulSetSubject struct {
	outcome
	*statefulset.StatefulSetController
	written writes
	equal   *lru.Cache // which revisions were found equal; nil for a release that keeps none
}

func newStatefulSetSubject() subject {
	s := &statefulSetSubject{}
	s.informers = map[*resource]*informer{
		pods: newInformer(), statefulSets: newInformer(), claims: newInformer(), revisions: newInformer(),
	}
	s.StatefulSetController = statefulset.NewStatefulSetController(
		silent, podInformer{s.informers[pods]}, statefulSetInformer{s.informers[statefulSets]},
		claimInformer{s.informers[claims]}, revisionInformer{s.informers[revisions]}, &s.client)
	s.attach(s.StatefulSetController)
	s.recorded(s.StatefulSetController)
	// Events about pods of a set go through a control of its own.
	control := *field[statefulset.StatefulSetControlInterface](s.StatefulSetController, "control")
	podControl := *field[*statefulset.StatefulPodControl](control, "podControl")
	*field[record.EventRecorder](podControl, "recorder") = &s.recorder
	if reflect.ValueOf(control).Elem().FieldByName("revisionEqualityCache").IsValid() {
		s.equal = *field[*lru.Cache](control, "revisionEqualityCache")
	}
	s.written = consistencyStore(s.StatefulSetController)
	return s
}

func (s *statefulSetSubject) load(situation *situation) {
	s.reset(situation)
	rememberWritten(s.written, situation)
	if s.equal != nil {
		s.equal.Clear()
	}
}

func (s *statefulSetSubject) remember(*situation) {}

// process hears of the error of the sync as the log does: this controller keeps no handler that could be wrapped.
func (s *statefulSetSubject) process() {
	before := utilruntime.ErrorHandlers
	defer func() { utilruntime.ErrorHandlers = before }()
	var last error
	utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{func(_ context.Context, err error, _ string, _ ...any) { last = err }}
	processStatefulSetKey(s.StatefulSetController, silent)
	if calls := s.queue.calls; len(calls) > 0 && calls[len(calls)-1] == "add-rate-limited" {
		s.err = last
	}
}

func (s *statefulSetSubject) recall(situation *situation) memory {
	return memory{Requeues: s.queue.requeues, Written: recallWritten(s.written, situation.key)}
}
