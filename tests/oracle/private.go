package main

import (
	"context"
	"fmt"
	"reflect"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/replicaset"
)

// What the controllers keep to themselves and the oracle needs. The linker resolves the functions
// below by name, so a release that renames one fails to build, or (a field) to start.

//go:linkname processReplicaSetKey k8s.io/kubernetes/pkg/controller/replicaset.(*ReplicaSetController).processNextWorkItem
func processReplicaSetKey(rsc *replicaset.ReplicaSetController, ctx context.Context) bool

//go:linkname processDeploymentKey k8s.io/kubernetes/pkg/controller/deployment.(*DeploymentController).processNextWorkItem
func processDeploymentKey(dc *deployment.DeploymentController, ctx context.Context) bool

//go:linkname getPodsToDelete k8s.io/kubernetes/pkg/controller/replicaset.getPodsToDelete
func getPodsToDelete(filteredPods, relatedPods []*corev1.Pod, diff int) []*corev1.Pod

// field points at an unexported field of the struct that structure points at.
func field[T any](structure any, name string) *T {
	value := reflect.ValueOf(structure).Elem().FieldByName(name)
	want := reflect.TypeFor[T]()
	if !value.IsValid() || value.Type() != want {
		panic(fmt.Sprintf("%T has no field %s of type %s", structure, name, want))
	}
	return (*T)(unsafe.Pointer(value.UnsafeAddr()))
}
