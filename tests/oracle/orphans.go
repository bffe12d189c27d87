package main

import (
	"context"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"k8s.io/kubernetes/pkg/controller/job"
)

// The Job controller's second queue, for pods that no sync of a Job will look after. The type of its
// keys is the controller's own, so it stays the real queue and is reached by reflection.
type orphans struct {
	controller *job.Controller
	queue      reflect.Value
}

//go:linkname processNextOrphanPod k8s.io/kubernetes/pkg/controller/job.(*Controller).processNextOrphanPod
func processNextOrphanPod(jm *job.Controller, ctx context.Context) bool

// orphanKinds are the two kinds of keys: the name of a pod, or a selector.
var orphanKinds = []string{"name", "selector"}

// never is how long a key that is tried again waits: it must not come back in another request.
const never = 100 * 365 * 24 * time.Hour

func newOrphans(controller *job.Controller) orphans {
	queue := exported(reflect.ValueOf(controller).Elem().FieldByName("orphanQueue"))
	limiter := exported(queue.Elem().Elem().FieldByName("rateLimiter")).Elem().Elem()
	for _, name := range []string{"baseDelay", "maxDelay"} {
		exported(limiter.FieldByName(name)).SetInt(int64(never))
	}
	return orphans{controller, queue}
}

// exported makes a field that can be reached one that can be used.
func exported(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

func (o orphans) call(method string, arguments ...reflect.Value) []reflect.Value {
	return o.queue.MethodByName(method).Call(arguments)
}

// key is nil for none; kind is one of orphanKinds.
func (o orphans) key(wanted *orphanKey, namespace string) reflect.Value {
	key := reflect.New(o.queue.MethodByName("Add").Type().In(0)).Elem()
	exported(key.FieldByName("kind")).SetInt(int64(slices.Index(orphanKinds, wanted.Kind)))
	exported(key.FieldByName("namespace")).SetString(namespace)
	exported(key.FieldByName("value")).SetString(wanted.Value)
	return key
}

// taken empties the queue.
func (o orphans) taken() []orphanKey {
	var found []orphanKey
	for o.call("Len")[0].Int() > 0 {
		key := o.call("Get")[0]
		found = append(found, orphanKey{orphanKinds[key.FieldByName("kind").Int()], key.FieldByName("value").String()})
		o.call("Forget", key)
		o.call("Done", key)
	}
	return found
}

// process has the orphan worker take a key, and says whether it is to be tried again.
func (o orphans) process(wanted *orphanKey, namespace string) bool {
	key := o.key(wanted, namespace)
	o.call("Add", key)
	processNextOrphanPod(o.controller, silent)
	again := o.call("NumRequeues", key)[0].Int() > 0
	o.call("Forget", key)
	return again
}
