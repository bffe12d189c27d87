package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientset "k8s.io/client-go/kubernetes"
	appsclient "k8s.io/client-go/kubernetes/typed/apps/v1"
	batchclient "k8s.io/client-go/kubernetes/typed/batch/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
)

// client is what the controllers are given: every method that a sync calls becomes a call. The
// embedded interfaces are nil, so a method that is missing here shows as a panic of the sync.
//
// The fake of client-go is not used: it holds a lock while a request is answered, and then no one
// can wait until all requests of a batch have arrived.
type client struct {
	clientset.Interface
	calls func(*call) answer
}

type appsAPI struct {
	appsclient.AppsV1Interface
	*client
}

type coreAPI struct {
	coreclient.CoreV1Interface
	*client
}

type batchAPI struct {
	batchclient.BatchV1Interface
	*client
}

func (c *client) AppsV1() appsclient.AppsV1Interface    { return appsAPI{client: c} }
func (c *client) BatchV1() batchclient.BatchV1Interface { return batchAPI{client: c} }
func (c *client) CoreV1() coreclient.CoreV1Interface    { return coreAPI{client: c} }

func (a appsAPI) Deployments(namespace string) appsclient.DeploymentInterface {
	return deploymentAPI{caller: caller{a.client, deployments, namespace}}
}

func (a appsAPI) ReplicaSets(namespace string) appsclient.ReplicaSetInterface {
	return replicaSetAPI{caller: caller{a.client, replicaSets, namespace}}
}

func (a appsAPI) StatefulSets(namespace string) appsclient.StatefulSetInterface {
	return statefulSetAPI{caller: caller{a.client, statefulSets, namespace}}
}

func (a appsAPI) ControllerRevisions(namespace string) appsclient.ControllerRevisionInterface {
	return revisionAPI{caller: caller{a.client, revisions, namespace}}
}

func (b batchAPI) Jobs(namespace string) batchclient.JobInterface {
	return jobAPI{caller: caller{b.client, jobs, namespace}}
}

func (c coreAPI) PersistentVolumeClaims(namespace string) coreclient.PersistentVolumeClaimInterface {
	return claimAPI{caller: caller{c.client, claims, namespace}}
}

func (c coreAPI) Pods(namespace string) coreclient.PodInterface {
	return podAPI{caller: caller{c.client, pods, namespace}}
}

// caller sends calls about one kind in one namespace.
type caller struct {
	client    *client
	kind      *resource
	namespace string
}

func (c caller) send(request call) (runtime.Object, error) {
	request.kind, request.namespace = c.kind, c.namespace
	result := c.client.calls(&request)
	return result.object, result.err
}

func (c caller) write(verb string, object metav1.Object) (runtime.Object, error) {
	return c.send(call{verb: verb, name: object.GetName(), object: object.(runtime.Object)})
}

func (c caller) delete(name string, options metav1.DeleteOptions) error {
	_, err := c.send(call{verb: verbDelete, name: name, options: options})
	return err
}

// as gives an answer its type; an error comes with an empty object, as from a real client.
func as[T any](object runtime.Object, err error) (*T, error) {
	if err != nil {
		return new(T), err
	}
	return any(object).(*T), nil
}

type deploymentAPI struct {
	appsclient.DeploymentInterface
	caller
}

func (d deploymentAPI) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.Deployment, error) {
	return as[appsv1.Deployment](d.send(call{verb: verbGet, name: name}))
}

func (d deploymentAPI) Update(_ context.Context, object *appsv1.Deployment, _ metav1.UpdateOptions) (*appsv1.Deployment, error) {
	return as[appsv1.Deployment](d.write(verbUpdate, object))
}

func (d deploymentAPI) UpdateStatus(_ context.Context, object *appsv1.Deployment, _ metav1.UpdateOptions) (*appsv1.Deployment, error) {
	return as[appsv1.Deployment](d.write(verbUpdateStatus, object))
}

func (d deploymentAPI) Delete(_ context.Context, name string, options metav1.DeleteOptions) error {
	return d.delete(name, options)
}

type replicaSetAPI struct {
	appsclient.ReplicaSetInterface
	caller
}

func (r replicaSetAPI) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.ReplicaSet, error) {
	return as[appsv1.ReplicaSet](r.send(call{verb: verbGet, name: name}))
}

// List is what a handler of the Deployment controller reads; no sync does.
func (r replicaSetAPI) List(_ context.Context, options metav1.ListOptions) (*appsv1.ReplicaSetList, error) {
	selector, err := labels.Parse(options.LabelSelector)
	if err != nil {
		return &appsv1.ReplicaSetList{}, apierrors.NewBadRequest(err.Error())
	}
	request := call{verb: verbList, selector: selector, kind: r.kind, namespace: r.namespace}
	result := r.client.calls(&request)
	list := &appsv1.ReplicaSetList{}
	for _, item := range result.items {
		list.Items = append(list.Items, *item.v1.DeepCopyObject().(*appsv1.ReplicaSet))
	}
	return list, result.err
}

func (r replicaSetAPI) Create(_ context.Context, object *appsv1.ReplicaSet, _ metav1.CreateOptions) (*appsv1.ReplicaSet, error) {
	return as[appsv1.ReplicaSet](r.write(verbCreate, object))
}

func (r replicaSetAPI) Update(_ context.Context, object *appsv1.ReplicaSet, _ metav1.UpdateOptions) (*appsv1.ReplicaSet, error) {
	return as[appsv1.ReplicaSet](r.write(verbUpdate, object))
}

func (r replicaSetAPI) UpdateStatus(_ context.Context, object *appsv1.ReplicaSet, _ metav1.UpdateOptions) (*appsv1.ReplicaSet, error) {
	return as[appsv1.ReplicaSet](r.write(verbUpdateStatus, object))
}

func (r replicaSetAPI) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*appsv1.ReplicaSet, error) {
	return as[appsv1.ReplicaSet](r.send(call{verb: verbPatch, name: name, body: data}))
}

func (r replicaSetAPI) Delete(_ context.Context, name string, options metav1.DeleteOptions) error {
	return r.delete(name, options)
}

type podAPI struct {
	coreclient.PodInterface
	caller
}

func (p podAPI) Create(_ context.Context, object *corev1.Pod, _ metav1.CreateOptions) (*corev1.Pod, error) {
	return as[corev1.Pod](p.write(verbCreate, object))
}

func (p podAPI) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*corev1.Pod, error) {
	return as[corev1.Pod](p.send(call{verb: verbPatch, name: name, body: data}))
}

func (p podAPI) Delete(_ context.Context, name string, options metav1.DeleteOptions) error {
	return p.delete(name, options)
}

func (p podAPI) Update(_ context.Context, object *corev1.Pod, _ metav1.UpdateOptions) (*corev1.Pod, error) {
	return as[corev1.Pod](p.write(verbUpdate, object))
}

type claimAPI struct {
	coreclient.PersistentVolumeClaimInterface
	caller
}

func (p claimAPI) Create(_ context.Context, object *corev1.PersistentVolumeClaim, _ metav1.CreateOptions) (*corev1.PersistentVolumeClaim, error) {
	return as[corev1.PersistentVolumeClaim](p.write(verbCreate, object))
}

func (p claimAPI) Update(_ context.Context, object *corev1.PersistentVolumeClaim, _ metav1.UpdateOptions) (*corev1.PersistentVolumeClaim, error) {
	return as[corev1.PersistentVolumeClaim](p.write(verbUpdate, object))
}

type statefulSetAPI struct {
	appsclient.StatefulSetInterface
	caller
}

func (s statefulSetAPI) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.StatefulSet, error) {
	return as[appsv1.StatefulSet](s.send(call{verb: verbGet, name: name}))
}

func (s statefulSetAPI) UpdateStatus(_ context.Context, object *appsv1.StatefulSet, _ metav1.UpdateOptions) (*appsv1.StatefulSet, error) {
	return as[appsv1.StatefulSet](s.write(verbUpdateStatus, object))
}

type revisionAPI struct {
	appsclient.ControllerRevisionInterface
	caller
}

func (r revisionAPI) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.ControllerRevision, error) {
	return as[appsv1.ControllerRevision](r.send(call{verb: verbGet, name: name}))
}

func (r revisionAPI) Create(_ context.Context, object *appsv1.ControllerRevision, _ metav1.CreateOptions) (*appsv1.ControllerRevision, error) {
	return as[appsv1.ControllerRevision](r.write(verbCreate, object))
}

func (r revisionAPI) Update(_ context.Context, object *appsv1.ControllerRevision, _ metav1.UpdateOptions) (*appsv1.ControllerRevision, error) {
	return as[appsv1.ControllerRevision](r.write(verbUpdate, object))
}

func (r revisionAPI) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*appsv1.ControllerRevision, error) {
	return as[appsv1.ControllerRevision](r.send(call{verb: verbPatch, name: name, body: data}))
}

func (r revisionAPI) Delete(_ context.Context, name string, options metav1.DeleteOptions) error {
	return r.delete(name, options)
}

type jobAPI struct {
	batchclient.JobInterface
	caller
}

func (j jobAPI) Get(_ context.Context, name string, _ metav1.GetOptions) (*batchv1.Job, error) {
	return as[batchv1.Job](j.send(call{verb: verbGet, name: name}))
}

func (j jobAPI) UpdateStatus(_ context.Context, object *batchv1.Job, _ metav1.UpdateOptions) (*batchv1.Job, error) {
	return as[batchv1.Job](j.write(verbUpdateStatus, object))
}

func (j jobAPI) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*batchv1.Job, error) {
	return as[batchv1.Job](j.send(call{verb: verbPatch, name: name, body: data}))
}
