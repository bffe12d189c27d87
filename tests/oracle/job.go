package main

import (
	"reflect"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/job"
)

// jobSubject is the Job controller.
type jobSubject struct {
	outcome
	*job.Controller
	expectations controller.ControllerExpectationsInterface
	finalizers   unsafe.Pointer // *uidTrackingExpectations
	backoff      unsafe.Pointer // *backoffStore
	finished     *sync.Map
	written      writes
	orphans      orphans
	orphan       *orphanKey // what the orphan worker is asked for, if anything
	namespace    string
}

func newJobSubject() subject {
	s := &jobSubject{}
	s.informers = map[*resource]*informer{pods: newInformer(), jobs: newInformer()}
	// Releases differ in the order of the parameters, and later ones want informers of what their
	// schedulers need, which may be nil: the gates are off.
	construct := reflect.ValueOf(job.NewController)
	given := []any{silent, podInformer{s.informers[pods]}, jobInformer{s.informers[jobs]}, &s.client}
	arguments := make([]reflect.Value, construct.Type().NumIn())
	for at := range arguments {
		wanted := construct.Type().In(at)
		arguments[at] = reflect.Zero(wanted)
		for _, argument := range given {
			if reflect.TypeOf(argument).Implements(wanted) {
				arguments[at] = reflect.ValueOf(argument)
			}
		}
	}
	made := construct.Call(arguments)
	if err, failed := made[1].Interface().(error); failed {
		panic(err) // it only registers with the informers above
	}
	s.Controller = made[0].Interface().(*job.Controller)
	s.attach(s.Controller)
	s.recorded(s.Controller)
	*field[record.EventRecorder](s.Controller, "recorder") = &s.recorder
	s.orphans = newOrphans(s.Controller)
	value := reflect.ValueOf(s.Controller).Elem()
	s.expectations = *field[controller.ControllerExpectationsInterface](s.Controller, "expectations")
	s.finalizers = value.FieldByName("finalizerExpectations").UnsafePointer()
	s.backoff = value.FieldByName("podBackoffStore").UnsafePointer()
	s.finished = field[sync.Map](s.Controller, "finishedJobExpectations")
	s.written = consistencyStore(s.Controller)
	return s
}

func (s *jobSubject) load(situation *situation) {
	s.reset(situation)
	s.orphans.taken()
	s.orphan, s.namespace = situation.orphan, ownerOf(situation.key).Namespace
	s.expectations.DeleteExpectations(logr.Discard(), situation.key)
	forgetFinalizers(s.finalizers, logr.Discard(), situation.key)
	_ = removeBackoffRecord(s.backoff, situation.key)
	s.finished.Clear()
	rememberWritten(s.written, situation)
	if situation.memory.Finished {
		for _, object := range situation.objects[jobs] {
			if object.key() == situation.key {
				s.finished.Store(object.meta.GetUID(), struct{}{})
			}
		}
	}
}

func (s *jobSubject) remember(situation *situation) {
	m := situation.memory
	if m.Expectations != nil {
		_ = s.expectations.SetExpectations(logr.Discard(), situation.key, m.Expectations.Add, m.Expectations.Del)
	}
	if len(m.Finalizers) > 0 {
		uids := make([]types.UID, len(m.Finalizers))
		for at, uid := range m.Finalizers {
			uids[at] = types.UID(uid)
		}
		_ = expectFinalizersRemoved(s.finalizers, logr.Discard(), situation.key, uids)
	}
	if m.Backoff != nil {
		last := situation.now.Add(-time.Duration(m.Backoff.Age) * time.Second)
		_ = updateBackoffRecord(s.backoff, backoffRecord{situation.key, int32(m.Backoff.Failures), &last})
	}
}

func (s *jobSubject) process() {
	if s.orphan == nil {
		processJobKey(s.Controller, silent)
		return
	}
	if s.orphans.process(s.orphan, s.namespace) {
		s.queue.called("add-rate-limited", s.queue.key)
	}
}

func (s *jobSubject) recall(situation *situation) memory {
	recalled := memory{Requeues: s.queue.requeues, Written: recallWritten(s.written, situation.key), Orphans: s.orphans.taken()}
	if e, exists, _ := s.expectations.GetExpectations(situation.key); exists {
		add, del := e.GetExpectations()
		age := situation.now.Sub(*field[time.Time](e, "timestamp"))
		recalled.Expectations = &expectations{Add: int(add), Del: int(del), Age: int(age.Seconds()), UIDs: []string{}}
	}
	for uid := range expectedFinalizers(s.finalizers, situation.key) {
		recalled.Finalizers = append(recalled.Finalizers, string(uid))
	}
	slices.Sort(recalled.Finalizers)
	if record := newBackoffRecord(s.backoff, situation.key, nil, nil); record.failures > 0 && record.last != nil {
		recalled.Backoff = &backoff{int(record.failures), int(situation.now.Sub(*record.last).Seconds())}
	}
	s.finished.Range(func(any, any) bool { recalled.Finished = true; return false })
	return recalled
}
