package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// The verbs of a call.
const (
	verbCreate       = "create"
	verbUpdate       = "update"
	verbUpdateStatus = "update-status"
	verbPatch        = "patch"
	verbDelete       = "delete"
	verbGet          = "get"
	verbList         = "list"
)

// call is one request of a controller to the API server.
type call struct {
	verb      string
	kind      *resource
	namespace string
	name      string
	object    runtime.Object // create, update, update-status
	body      []byte         // patch
	options   metav1.DeleteOptions
	selector  labels.Selector // list
	answered  chan answer
}

// called is the name of the object, or what the server will make it from.
func (c *call) called() string {
	if c.name != "" || c.object == nil {
		return c.name
	}
	object, err := meta.Accessor(c.object)
	if err != nil {
		return ""
	}
	return object.GetGenerateName()
}

type answer struct {
	object runtime.Object
	items  []*stored // of a list
	err    error
}

// fault says that the nth call of a verb and resource does not succeed; nth 0 means every one.
type fault struct {
	Verb     string
	Resource string
	Nth      int
	How      string
}

// What may become of a call that a fault names.
const (
	howRefused     = "refused"     // Forbidden, as by a quota; not applied
	howFailed      = "failed"      // internal error; not applied
	howLost        = "lost"        // applied, and answered by a time-out
	howTerminating = "terminating" // Forbidden because the namespace is going away; not applied
)

// handled is a call and what became of it, as the answer of the oracle lists it.
type handled struct {
	Verb     string          `json:"verb"`
	Resource string          `json:"resource"`
	Name     string          `json:"name,omitempty"`
	Object   json.RawMessage `json:"object,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
	Answer   string          `json:"answer"`
}

type objectKey struct {
	kind      *resource
	namespace string
	name      string
}

// apiServer holds the live objects. Admission of writes is the API server's own code: defaults,
// strategies and validation of each resource; storage, names, UIDs and versions are counters here.
type apiServer struct {
	objects map[objectKey]*stored
	order   []objectKey // as given, then as created: what is listed must not depend on Go's maps
	version int
	uids    int
	names   int
	taken   map[types.UID]bool
	faults  []fault
	counts  map[[2]string]int
	handled []handled
	// told hears of each write and of each removal, which has no object; nil for nobody.
	told func(key objectKey, object *stored)
}

func newAPIServer(live []*stored, faults []fault, version int) (*apiServer, error) {
	server := &apiServer{
		objects: map[objectKey]*stored{},
		taken:   map[types.UID]bool{},
		faults:  faults,
		counts:  map[[2]string]int{},
		version: version,
		handled: []handled{},
	}
	for _, object := range live {
		key := objectKey{object.resource, object.meta.GetNamespace(), object.meta.GetName()}
		if server.objects[key] != nil {
			return nil, fmt.Errorf("live: two %s are called %s/%s", object.Resource, key.namespace, key.name)
		}
		server.put(key, object)
	}
	return server, nil
}

func (s *apiServer) put(key objectKey, object *stored) {
	if s.objects[key] == nil {
		s.order = append(s.order, key)
	}
	s.objects[key] = object
	s.taken[object.meta.GetUID()] = true
}

func (s *apiServer) remove(key objectKey) {
	delete(s.objects, key)
	s.order = slices.DeleteFunc(s.order, func(other objectKey) bool { return other == key })
	if s.told != nil {
		s.told(key, nil)
	}
}

// handle answers one call and writes down what it was.
func (s *apiServer) handle(c *call) answer {
	record := handled{Verb: c.verb, Resource: c.kind.Resource, Name: c.name, Body: c.body}
	switch c.verb {
	case verbCreate, verbUpdate, verbUpdateStatus:
		record.Object = c.kind.encode(c.object)
	case verbDelete:
		record.Body, _ = json.Marshal(c.options)
	}
	result := s.answer(c, &record)
	s.handled = append(s.handled, record)
	return result
}

func (s *apiServer) answer(c *call, record *handled) answer {
	how := s.faultOf(c)
	record.Answer = how
	if how == "" || how == howLost {
		object, err := s.apply(c)
		if how == howLost {
			if err != nil { // nothing was applied: to the controller it is a request that failed
				record.Answer = howFailed
			}
			return answer{err: apierrors.NewTimeoutError("the answer was lost", 0)}
		}
		record.Answer = answerWord(err)
		return answer{object, s.list(c), err}
	}
	return answer{err: faultError(how, c)}
}

// faultOf counts the call and finds the first fault that names it.
func (s *apiServer) faultOf(c *call) string {
	kind := [2]string{c.verb, c.kind.Resource}
	s.counts[kind]++
	for _, f := range s.faults {
		if f.Verb == c.verb && f.Resource == c.kind.Resource && (f.Nth == 0 || f.Nth == s.counts[kind]) {
			return f.How
		}
	}
	return ""
}

func faultError(how string, c *call) error {
	switch how {
	case howRefused:
		return apierrors.NewForbidden(c.kind.GroupResource, c.name, errors.New("exceeded quota"))
	case howTerminating:
		err := apierrors.NewForbidden(c.kind.GroupResource, c.name, errors.New("the namespace is being terminated"))
		err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes,
			metav1.StatusCause{Type: corev1.NamespaceTerminatingCause, Message: "the namespace is being terminated"})
		return err
	default:
		return apierrors.NewInternalError(errors.New("the request failed"))
	}
}

func answerWord(err error) string {
	switch {
	case err == nil:
		return "applied"
	case apierrors.IsConflict(err):
		return "conflict"
	case apierrors.IsAlreadyExists(err):
		return "already exists"
	case apierrors.IsNotFound(err):
		return "not found"
	case apierrors.IsInvalid(err):
		return "invalid"
	default:
		return "failed"
	}
}

func (s *apiServer) apply(c *call) (runtime.Object, error) {
	switch c.verb {
	case verbCreate:
		return s.create(c)
	case verbList:
		return nil, nil
	}
	key := objectKey{c.kind, c.namespace, c.name}
	existing := s.objects[key]
	if existing == nil {
		return nil, apierrors.NewNotFound(c.kind.GroupResource, c.name)
	}
	switch c.verb {
	case verbGet:
		return existing.v1.DeepCopyObject(), nil
	case verbUpdate:
		return s.update(key, existing, c.object, c.kind.strategy)
	case verbUpdateStatus:
		return s.update(key, existing, c.object, c.kind.status)
	case verbPatch:
		return s.patch(key, existing, c.body)
	case verbDelete:
		return nil, s.delete(key, existing, c.options)
	default:
		panic("no such verb: " + c.verb)
	}
}

// list is nil for a call that is none.
func (s *apiServer) list(c *call) (items []*stored) {
	if c.verb != verbList {
		return nil
	}
	for _, key := range s.order {
		object := s.objects[key]
		if key.kind == c.kind && key.namespace == c.namespace && c.selector.Matches(labels.Set(object.meta.GetLabels())) {
			items = append(items, object)
		}
	}
	return items
}

// create is Store.create of apiserver/pkg/registry/generic/registry without hooks and admission
// plug-ins, with names and UIDs that are counted instead of random.
func (s *apiServer) create(c *call) (runtime.Object, error) {
	internal, err := c.kind.toInternal(c.object)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	object := newStored(c.kind, internal, internal).meta
	rest.FillObjectMetaSystemFields(object)
	object.SetUID(s.newUID())
	if object.GetGenerateName() != "" && object.GetName() == "" {
		object.SetName(s.newName(c.kind, c.namespace, object.GetGenerateName()))
	}
	if err := rest.BeforeCreate(c.kind.strategy, requestContext(c.kind, c.namespace), internal); err != nil {
		return nil, err
	}
	key := objectKey{c.kind, c.namespace, object.GetName()}
	if s.objects[key] != nil {
		return nil, apierrors.NewAlreadyExists(c.kind.GroupResource, object.GetName())
	}
	return s.store(key, internal)
}

// update is Store.Update: preconditions, then the strategy's view of what may change, then
// validation. A write that changes nothing keeps the resourceVersion, as in etcd3's store.
func (s *apiServer) update(key objectKey, existing *stored, v1 runtime.Object, strategy rest.RESTUpdateStrategy) (runtime.Object, error) {
	internal, err := key.kind.toInternal(v1)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	sent := newStored(key.kind, internal, internal).meta
	if uid := sent.GetUID(); uid != "" && uid != existing.meta.GetUID() {
		return nil, apierrors.NewConflict(key.kind.GroupResource, key.name,
			fmt.Errorf("precondition failed: UID in precondition: %s, UID in object meta: %s", uid, existing.meta.GetUID()))
	}
	return s.replace(key, existing, internal, strategy)
}

// patch merges as PATCH does. It names no version and the UID only inside the object, so a UID of
// another object is an invalid change and not a conflict.
func (s *apiServer) patch(key objectKey, existing *stored, body []byte) (runtime.Object, error) {
	merged, err := strategicpatch.StrategicMergePatch(existing.json(), body, key.kind.v1())
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	v1 := key.kind.v1()
	if err := json.Unmarshal(merged, v1); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	internal, err := key.kind.toInternal(v1)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return s.replace(key, existing, internal, key.kind.strategy)
}

func (s *apiServer) replace(key objectKey, existing *stored, internal runtime.Object, strategy rest.RESTUpdateStrategy) (runtime.Object, error) {
	sent := newStored(key.kind, internal, internal).meta
	if sent.GetResourceVersion() == "" { // all kinds here have AllowUnconditionalUpdate
		sent.SetResourceVersion(existing.meta.GetResourceVersion())
	}
	if sent.GetResourceVersion() != existing.meta.GetResourceVersion() {
		return nil, apierrors.NewConflict(key.kind.GroupResource, key.name,
			errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	}
	if err := rest.BeforeUpdate(strategy, requestContext(key.kind, key.namespace), internal, existing.internal); err != nil {
		return nil, err
	}
	if apiequality.Semantic.DeepEqual(internal, existing.internal) {
		return existing.v1.DeepCopyObject(), nil
	}
	stored, err := s.store(key, internal)
	if err == nil && gone(sent, existing.meta) {
		s.remove(key)
	}
	return stored, err
}

// gone says whether a write took the last finalizer of an object that nothing else keeps.
// Upstream: ShouldDeleteDuringUpdate of apiserver/pkg/registry/generic/registry.
func gone(after, before metav1.Object) bool {
	grace := before.GetDeletionGracePeriodSeconds()
	return len(after.GetFinalizers()) == 0 && before.GetDeletionTimestamp() != nil && (grace == nil || *grace == 0)
}

// delete is Store.Delete for the default propagation policies, which add no finalizer.
func (s *apiServer) delete(key objectKey, existing *stored, options metav1.DeleteOptions) error {
	internal := existing.internal.DeepCopyObject()
	object := newStored(key.kind, internal, internal).meta
	graceful, pending, err := rest.BeforeDelete(key.kind.strategy, requestContext(key.kind, key.namespace), internal, &options)
	if err != nil || pending {
		return err
	}
	kept := len(object.GetFinalizers()) > 0
	if graceful && (kept || *options.GracePeriodSeconds > 0) {
		_, err := s.store(key, internal)
		return err
	}
	if !kept {
		s.remove(key)
		return nil
	}
	// markAsDeleting of Store: only finalizers hold the object now.
	if object.GetDeletionTimestamp() == nil {
		now := metav1.Now()
		object.SetDeletionTimestamp(&now)
		if object.GetGeneration() > 0 {
			object.SetGeneration(object.GetGeneration() + 1)
		}
	}
	object.SetDeletionGracePeriodSeconds(new(int64))
	_, err = s.store(key, internal)
	return err
}

// store gives the object the next version and returns a copy that the caller may change.
func (s *apiServer) store(key objectKey, internal runtime.Object) (runtime.Object, error) {
	s.version++
	newStored(key.kind, internal, internal).meta.SetResourceVersion(strconv.Itoa(s.version))
	v1, err := key.kind.toV1(internal)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	object := newStored(key.kind, v1, internal)
	s.put(key, object)
	if s.told != nil {
		s.told(key, object)
	}
	return v1.DeepCopyObject(), nil
}

func (s *apiServer) newUID() types.UID {
	for {
		s.uids++
		uid := types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", s.uids))
		if !s.taken[uid] {
			return uid
		}
	}
}

func (s *apiServer) newName(kind *resource, namespace, prefix string) string {
	for {
		s.names++
		name := fmt.Sprintf("%s%05d", prefix, s.names)
		if s.objects[objectKey{kind, namespace, name}] == nil {
			return name
		}
	}
}

// requestContext is what strategies read: the namespace, and from 1.37 on also the resource.
func requestContext(kind *resource, namespace string) context.Context {
	return genericapirequest.WithRequestInfo(genericapirequest.WithNamespace(context.Background(), namespace), &genericapirequest.RequestInfo{
		IsResourceRequest: true,
		APIGroup:          kind.GroupVersionKind.Group,
		APIVersion:        kind.Version,
		Namespace:         namespace,
		Resource:          kind.Resource,
	})
}
