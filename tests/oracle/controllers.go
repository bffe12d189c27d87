package main

import (
	"context"
	"reflect"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/replicaset"
)

// subject is one real controller, made once by its own constructor and then fed request by request.
type subject interface {
	// load puts the informers and the queue into the state that the request tells.
	load(*situation)
	// remember restores what the controller wrote down at an earlier time.
	remember(*situation)
	// process takes the key from the queue, as a worker does.
	process()
	// recall is what the controller remembers afterwards.
	recall(*situation) memory
	// left is what the sync left besides its calls.
	left() *outcome
}

// situation is a request after reading.
type situation struct {
	key     string
	now     time.Time
	objects map[*resource][]*stored
	seen    map[*resource]string
	memory  memory
	notice  *notice // nil for a sync
	orphan  *orphanKey
}

// outcome is what a sync leaves besides its calls, and what it was given.
type outcome struct {
	informers map[*resource]*informer

	client   client
	queue    workQueue
	recorder eventRecorder
	err      error
}

func (o *outcome) left() *outcome { return o }

// reset forgets the sync before, and fills the informers.
func (o *outcome) reset(s *situation) {
	for kind, informer := range o.informers {
		informer.store.fill(s.objects[kind], s.seen[kind])
	}
	o.queue = workQueue{key: s.key, requeues: s.memory.Requeues, calls: []string{}}
	o.recorder.events = []string{}
	o.err = nil
}

// observed wraps a controller's sync handler to see the error that the worker handles.
func (o *outcome) observed(handler func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, key string) error {
		o.err = handler(ctx, key)
		return o.err
	}
}

// attach takes the place of the parts that a controller makes for itself and that need goroutines.
func (o *outcome) attach(structure any) {
	queue := field[workqueue.TypedRateLimitingInterface[string]](structure, "queue")
	(*queue).ShutDown()
	*queue = &o.queue
	for _, name := range []string{"eventBroadcaster", "broadcaster"} {
		if reflect.ValueOf(structure).Elem().FieldByName(name).IsValid() {
			(*field[record.EventBroadcaster](structure, name)).Shutdown()
		}
	}
	if !reflect.ValueOf(structure).Elem().FieldByName("syncHandler").IsValid() {
		return // its errors are heard of by utilruntime.ErrorHandlers
	}
	handler := field[func(context.Context, string) error](structure, "syncHandler")
	*handler = o.observed(*handler)
}

// recorded replaces the recorder of a controller's control of pods.
func (o *outcome) recorded(structure any) {
	control := field[controller.PodControlInterface](structure, "podControl")
	podControl := (*control).(controller.RealPodControl)
	podControl.Recorder = &o.recorder
	*control = podControl
}

// key says in a word what the worker, if there was one, did with the key in the end.
func (o *outcome) key(s *situation) *keyResult {
	result := &keyResult{Result: "forgotten", Calls: o.queue.calls}
	if o.queue.after != nil {
		seconds := o.queue.after.Seconds()
		result.After = &seconds
	}
	last := ""
	if len(o.queue.calls) > 0 {
		last = o.queue.calls[len(o.queue.calls)-1]
	}
	switch {
	case s.notice != nil:
		result.Result = "notified"
	case last == "add-rate-limited":
		result.Result = "rate-limited"
	case o.err != nil && !apierrors.HasStatusCause(o.err, corev1.NamespaceTerminatingCause):
		result.Result = "dropped"
	}
	return result
}

// silent is the context of every sync: the controllers log into it.
var silent = klog.NewContext(context.Background(), logr.Discard())

// replicaSetSubject is the ReplicaSet controller.
type replicaSetSubject struct {
	outcome
	*replicaset.ReplicaSetController
	expectations *controller.UIDTrackingControllerExpectations
	written      writes
}

// writes is the consistency store of 1.36; earlier releases have none.
type writes interface {
	WroteAt(owner types.NamespacedName, ownerUID types.UID, resource schema.GroupResource, version string)
	Clear(owner types.NamespacedName, ownerUID types.UID)
}

func newReplicaSetSubject() subject {
	s := &replicaSetSubject{}
	s.informers = map[*resource]*informer{pods: newInformer(), replicaSets: newInformer()}
	s.ReplicaSetController = replicaset.NewReplicaSetController(
		silent, replicaSetInformer{s.informers[replicaSets]}, podInformer{s.informers[pods]}, &s.client, replicaset.BurstReplicas)
	s.attach(s.ReplicaSetController)
	s.recorded(s.ReplicaSetController)
	s.expectations = *field[*controller.UIDTrackingControllerExpectations](s.ReplicaSetController, "expectations")
	s.written = consistencyStore(s.ReplicaSetController)
	return s
}

// consistencyStore is nil for a release whose controller has none.
func consistencyStore(structure any) writes {
	value := reflect.ValueOf(structure).Elem().FieldByName("consistencyStore")
	if !value.IsValid() {
		return nil
	}
	return reflect.NewAt(value.Type(), value.Addr().UnsafePointer()).Elem().Interface().(writes)
}

func (s *replicaSetSubject) load(situation *situation) {
	s.reset(situation)
	s.expectations.DeleteExpectations(logr.Discard(), situation.key)
	rememberWritten(s.written, situation)
}

// rememberWritten puts into a consistency store, if there is one, what the request tells.
func rememberWritten(store writes, situation *situation) {
	if store == nil {
		return
	}
	owner := ownerOf(situation.key)
	store.Clear(owner, "")
	for _, kind := range resources {
		if version := situation.memory.Written[kind.Resource]; version != "" {
			store.WroteAt(owner, types.UID(situation.memory.Written["uid"]), kind.GroupResource, version)
		}
	}
}

func (s *replicaSetSubject) remember(situation *situation) {
	e := situation.memory.Expectations
	if e == nil {
		return
	}
	// The keys first: they set both counts, which need not agree with them.
	if len(e.UIDs) > 0 {
		_ = s.expectations.ExpectDeletions(logr.Discard(), situation.key, e.UIDs)
	}
	_ = s.expectations.SetExpectations(logr.Discard(), situation.key, e.Add, e.Del)
}

func (s *replicaSetSubject) process() { processReplicaSetKey(s.ReplicaSetController, silent) }

func (s *replicaSetSubject) recall(situation *situation) memory {
	recalled := memory{Requeues: s.queue.requeues, Written: recallWritten(s.written, situation.key)}
	e, exists, _ := s.expectations.GetExpectations(situation.key)
	if exists {
		add, del := e.GetExpectations()
		age := situation.now.Sub(*field[time.Time](e, "timestamp"))
		recalled.Expectations = &expectations{
			Add: int(add), Del: int(del), Age: int(age.Seconds()),
			UIDs: append([]string{}, s.expectations.GetUIDs(situation.key).List()...),
		}
	}
	return recalled
}

// recallWritten reads RealConsistencyStore.writes of the key's owner.
func recallWritten(store writes, key string) map[string]string {
	written := map[string]string{}
	value := reflect.ValueOf(store)
	if store == nil || value.Kind() != reflect.Pointer || !value.Elem().FieldByName("writes").IsValid() {
		return written
	}
	record := value.Elem().FieldByName("writes").MapIndex(reflect.ValueOf(ownerOf(key)))
	if !record.IsValid() {
		return written
	}
	written["uid"] = record.Elem().FieldByName("ownerUID").String()
	versions := record.Elem().FieldByName("versions")
	for _, kind := range resources {
		if version := versions.MapIndex(reflect.ValueOf(kind.GroupResource)); version.IsValid() {
			written[kind.Resource] = version.String()
		}
	}
	return written
}

func ownerOf(key string) types.NamespacedName {
	namespace, name, _ := cache.SplitMetaNamespaceKey(key)
	return types.NamespacedName{Namespace: namespace, Name: name}
}

// deploymentSubject is the Deployment controller.
type deploymentSubject struct {
	outcome
	*deployment.DeploymentController
}

func newDeploymentSubject() subject {
	s := &deploymentSubject{}
	s.informers = map[*resource]*informer{pods: newInformer(), replicaSets: newInformer(), deployments: newInformer()}
	dc, err := deployment.NewDeploymentController(silent, deploymentInformer{s.informers[deployments]},
		replicaSetInformer{s.informers[replicaSets]}, podInformer{s.informers[pods]}, &s.client)
	if err != nil {
		panic(err) // it only registers with the informers above
	}
	s.DeploymentController = dc
	s.attach(dc)
	*field[record.EventRecorder](dc, "eventRecorder") = &s.recorder
	return s
}

func (s *deploymentSubject) load(situation *situation) { s.reset(situation) }

func (s *deploymentSubject) remember(*situation) {}

func (s *deploymentSubject) process() { processDeploymentKey(s.DeploymentController, silent) }

func (s *deploymentSubject) recall(*situation) memory {
	return memory{Requeues: s.queue.requeues, Written: map[string]string{}}
}
