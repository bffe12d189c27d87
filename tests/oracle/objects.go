package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	revisionregistry "k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	deploymentregistry "k8s.io/kubernetes/pkg/registry/apps/deployment"
	replicasetregistry "k8s.io/kubernetes/pkg/registry/apps/replicaset"
	statefulsetregistry "k8s.io/kubernetes/pkg/registry/apps/statefulset"
	jobregistry "k8s.io/kubernetes/pkg/registry/batch/job"
	claimregistry "k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/utils/ptr"
	kjson "sigs.k8s.io/json"
)

// strategy is what the API server asks about a resource before it stores, changes or deletes one.
type strategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
	rest.RESTDeleteStrategy
}

// resource is one kind of API object: its names and the API server's own rules for it.
type resource struct {
	schema.GroupVersionKind
	schema.GroupResource
	strategy strategy
	status   rest.RESTUpdateStrategy
	v1       func() runtime.Object
	internal func() runtime.Object
	// typed returns a shallow copy that carries apiVersion and kind, which clients strip.
	typed func(runtime.Object) runtime.Object
}

// typed makes the function that puts apiVersion and kind on a shallow copy.
func typed[T any](header func(*T) *metav1.TypeMeta, gvk schema.GroupVersionKind) func(runtime.Object) runtime.Object {
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	return func(object runtime.Object) runtime.Object {
		copied := *any(object).(*T)
		*header(&copied) = metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
		return any(&copied).(runtime.Object)
	}
}

// newResource names a kind; status is nil where it has no status of its own.
func newResource[T, I any](version schema.GroupVersion, kind, plural string, rules strategy, status rest.RESTUpdateStrategy, header func(*T) *metav1.TypeMeta) *resource {
	if status == nil {
		status = rules
	}
	gvk := version.WithKind(kind)
	return &resource{
		GroupVersionKind: gvk,
		GroupResource:    schema.GroupResource{Group: version.Group, Resource: plural},
		strategy:         rules,
		status:           status,
		v1:               func() runtime.Object { return any(new(T)).(runtime.Object) },
		internal:         func() runtime.Object { return any(new(I)).(runtime.Object) },
		typed:            typed(header, gvk),
	}
}

var (
	pods = newResource[corev1.Pod, core.Pod](corev1.SchemeGroupVersion, "Pod", "pods",
		podregistry.Strategy, podregistry.StatusStrategy, func(o *corev1.Pod) *metav1.TypeMeta { return &o.TypeMeta })
	claims = newResource[corev1.PersistentVolumeClaim, core.PersistentVolumeClaim](corev1.SchemeGroupVersion, "PersistentVolumeClaim", "persistentvolumeclaims",
		claimregistry.Strategy, claimregistry.StatusStrategy, func(o *corev1.PersistentVolumeClaim) *metav1.TypeMeta { return &o.TypeMeta })
	replicaSets = newResource[appsv1.ReplicaSet, apps.ReplicaSet](appsv1.SchemeGroupVersion, "ReplicaSet", "replicasets",
		replicasetregistry.Strategy, replicasetregistry.StatusStrategy, func(o *appsv1.ReplicaSet) *metav1.TypeMeta { return &o.TypeMeta })
	deployments = newResource[appsv1.Deployment, apps.Deployment](appsv1.SchemeGroupVersion, "Deployment", "deployments",
		deploymentregistry.Strategy, deploymentregistry.StatusStrategy, func(o *appsv1.Deployment) *metav1.TypeMeta { return &o.TypeMeta })
	statefulSets = newResource[appsv1.StatefulSet, apps.StatefulSet](appsv1.SchemeGroupVersion, "StatefulSet", "statefulsets",
		statefulsetregistry.Strategy, statefulsetregistry.StatusStrategy, func(o *appsv1.StatefulSet) *metav1.TypeMeta { return &o.TypeMeta })
	revisions = newResource[appsv1.ControllerRevision, apps.ControllerRevision](appsv1.SchemeGroupVersion, "ControllerRevision", "controllerrevisions",
		revisionregistry.Strategy, nil, func(o *appsv1.ControllerRevision) *metav1.TypeMeta { return &o.TypeMeta })
	jobs = newResource[batchv1.Job, batch.Job](batchv1.SchemeGroupVersion, "Job", "jobs",
		jobregistry.Strategy, jobregistry.StatusStrategy, func(o *batchv1.Job) *metav1.TypeMeta { return &o.TypeMeta })

	resources = []*resource{pods, claims, replicaSets, deployments, statefulSets, revisions, jobs}
)

// stored is an object as the API server holds it. It is never changed: a write makes a new one.
type stored struct {
	*resource
	meta     metav1.Object
	v1       runtime.Object
	internal runtime.Object
	encoded  []byte
}

func newStored(kind *resource, v1, internal runtime.Object) *stored {
	accessor, err := meta.Accessor(v1)
	if err != nil {
		panic(err) // every kind above has metadata
	}
	return &stored{resource: kind, meta: accessor, v1: v1, internal: internal}
}

// key is namespace/name, as in a work queue.
func (s *stored) key() string { return s.meta.GetNamespace() + "/" + s.meta.GetName() }

// json is the object on the wire.
func (s *stored) json() []byte {
	if s.encoded == nil {
		s.encoded = s.encode(s.v1)
	}
	return s.encoded
}

func (r *resource) encode(v1 runtime.Object) []byte {
	encoded, err := json.Marshal(r.typed(v1))
	if err != nil {
		panic(err) // typed API objects can always be encoded
	}
	return encoded
}

// toInternal copies, applies the defaults of the API and converts.
func (r *resource) toInternal(v1 runtime.Object) (runtime.Object, error) {
	copied := v1.DeepCopyObject()
	legacyscheme.Scheme.Default(copied)
	internal := r.internal()
	return internal, legacyscheme.Scheme.Convert(copied, internal, nil)
}

func (r *resource) toV1(internal runtime.Object) (runtime.Object, error) {
	v1 := r.v1()
	return v1, legacyscheme.Scheme.Convert(internal, v1, nil)
}

// refusal is an object that no API server could hold.
type refusal string

func (r refusal) Error() string { return string(r) }

// reader turns JSON into stored objects. Callers send the same objects again and again (cache and
// live, one cluster with many faults), so what was read is kept, for each setting of feature gates.
type reader struct {
	known map[string]readResult
	size  int
}

type readResult struct {
	object *stored
	err    error
}

// readerLimit bounds what the reader keeps, in bytes of JSON; in memory it is some ten times as much.
const readerLimit = 4 << 20

func (r *reader) read(text json.RawMessage) (*stored, error) {
	if result, ok := r.known[string(text)]; ok {
		return result.object, result.err
	}
	if r.known == nil || r.size > readerLimit {
		r.known, r.size = map[string]readResult{}, 0
	}
	object, err := readObject(text)
	r.known[string(text)] = readResult{object, err}
	r.size += len(text)
	return object, err
}

// readLive reads an object, or for a number that one of the cache.
func (r *reader) readLive(text json.RawMessage, cache []json.RawMessage) (*stored, error) {
	at, err := strconv.Atoi(string(text))
	if err != nil {
		return r.read(text)
	}
	if at < 0 || at >= len(cache) {
		return nil, badRequest("live: %d: the cache has %d objects, counted from 0", at, len(cache))
	}
	return r.read(cache[at])
}

// readObject decodes strictly, applies defaults and validates as the API server does on the way in.
func readObject(text json.RawMessage) (*stored, error) {
	var head struct {
		APIVersion string
		Kind       string
		Metadata   struct{ Namespace, Name string }
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, refusal("object: " + err.Error())
	}
	called := fmt.Sprintf("%s %s/%s", head.Kind, head.Metadata.Namespace, head.Metadata.Name)
	gvk := schema.FromAPIVersionAndKind(head.APIVersion, head.Kind)
	for _, kind := range resources {
		if kind.GroupVersionKind == gvk {
			object, err := kind.readObject(text)
			if err != nil {
				return nil, refusal(called + ": " + strings.ReplaceAll(err.Error(), "\n", " "))
			}
			return object, nil
		}
	}
	return nil, refusal(fmt.Sprintf("%s: apiVersion %q has no kind %q that the oracle knows", called, head.APIVersion, head.Kind))
}

func (r *resource) readObject(text json.RawMessage) (*stored, error) {
	decoded := r.v1()
	strict, err := kjson.UnmarshalStrict(text, decoded)
	if err != nil {
		return nil, err
	}
	if len(strict) > 0 {
		return nil, strict[0]
	}
	decoded.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	internal, err := r.toInternal(decoded)
	if err != nil {
		return nil, err
	}
	v1, err := r.toV1(internal)
	if err != nil {
		return nil, err
	}
	object := newStored(r, v1, internal)
	if err := object.checkMetadata(); err != nil {
		return nil, err
	}
	// Metadata may have got a default, so both sides are made from one again.
	if object.internal, err = r.toInternal(v1); err != nil {
		return nil, err
	}
	ctx := requestContext(r, object.meta.GetNamespace())
	errs := r.strategy.Validate(ctx, object.internal)
	errs = append(errs, r.status.ValidateUpdate(ctx, object.internal, object.internal)...)
	if len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	return object, nil
}

// checkMetadata asks for what the API server itself gives to every object.
func (s *stored) checkMetadata() error {
	for _, given := range []struct {
		path  string
		there bool
	}{
		{"metadata.namespace", s.meta.GetNamespace() != ""},
		{"metadata.name", s.meta.GetName() != ""},
		{"metadata.uid", s.meta.GetUID() != ""},
		{"metadata.creationTimestamp", !ptr.To(s.meta.GetCreationTimestamp()).IsZero()},
	} {
		if !given.there {
			return fmt.Errorf("%s: Required value", given.path)
		}
	}
	if _, err := parseVersion(s.meta.GetResourceVersion()); err != nil {
		return fmt.Errorf("metadata.resourceVersion: Invalid value: %w", err)
	}
	if s.meta.GetDeletionTimestamp() == nil {
		return nil
	}
	if s.meta.GetDeletionGracePeriodSeconds() == nil {
		grace := int64(0)
		if pod, ok := s.v1.(*corev1.Pod); ok {
			grace = ptr.Deref(pod.Spec.TerminationGracePeriodSeconds, 0)
		}
		s.meta.SetDeletionGracePeriodSeconds(&grace)
	}
	if *s.meta.GetDeletionGracePeriodSeconds() == 0 && len(s.meta.GetFinalizers()) == 0 {
		return fmt.Errorf("metadata.finalizers: Required value: an object in deletion is gone at once without a finalizer or grace period")
	}
	return nil
}

// parseVersion reads a resourceVersion: the controllers take two of them for opaque, but 1.36
// compares them as numbers without a leading zero.
func parseVersion(version string) (int, error) {
	number, err := strconv.Atoi(version)
	if err != nil || number < 1 || strconv.Itoa(number) != version {
		return 0, fmt.Errorf("%q: must be a positive integer", version)
	}
	return number, nil
}
