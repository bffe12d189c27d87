package main

import (
	"context"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/statefulset"
	"k8s.io/utils/clock"
)

// What the controllers keep to themselves and the oracle needs. The linker resolves the functions
// below by name, so a release that renames one fails to build, or (a field) to start; what one has
// renamed stands in until136.go and since137.go.

//go:linkname processReplicaSetKey k8s.io/kubernetes/pkg/controller/replicaset.(*ReplicaSetController).processNextWorkItem
func processReplicaSetKey(rsc *replicaset.ReplicaSetController, ctx context.Context) bool

//go:linkname processDeploymentKey k8s.io/kubernetes/pkg/controller/deployment.(*DeploymentController).processNextWorkItem
func processDeploymentKey(dc *deployment.DeploymentController, ctx context.Context) bool

//go:linkname getPodsToDelete k8s.io/kubernetes/pkg/controller/replicaset.getPodsToDelete
func getPodsToDelete(filteredPods, relatedPods []*corev1.Pod, diff int) []*corev1.Pod

//go:linkname processStatefulSetKey k8s.io/kubernetes/pkg/controller/statefulset.(*StatefulSetController).processNextWorkItem
func processStatefulSetKey(ssc *statefulset.StatefulSetController, ctx context.Context) bool

//go:linkname processJobKey k8s.io/kubernetes/pkg/controller/job.(*Controller).processNextWorkItem
func processJobKey(jm *job.Controller, ctx context.Context) bool

// backoffRecord and intervals have the layout of types that the Job controller keeps to itself.
type backoffRecord struct {
	key      string
	failures int32
	last     *time.Time
}

type intervals []struct{ First, Last int }

//go:linkname updateBackoffRecord k8s.io/kubernetes/pkg/controller/job.(*backoffStore).updateBackoffRecord
func updateBackoffRecord(store unsafe.Pointer, record backoffRecord) error

//go:linkname removeBackoffRecord k8s.io/kubernetes/pkg/controller/job.(*backoffStore).removeBackoffRecord
func removeBackoffRecord(store unsafe.Pointer, key string) error

//go:linkname newBackoffRecord k8s.io/kubernetes/pkg/controller/job.(*backoffStore).newBackoffRecord
func newBackoffRecord(store unsafe.Pointer, key string, succeeded, failed []*corev1.Pod) backoffRecord

//go:linkname expectFinalizersRemoved k8s.io/kubernetes/pkg/controller/job.(*uidTrackingExpectations).expectFinalizersRemoved
func expectFinalizersRemoved(store unsafe.Pointer, logger klog.Logger, key string, uids []types.UID) error

//go:linkname expectedFinalizers k8s.io/kubernetes/pkg/controller/job.(*uidTrackingExpectations).getExpectedUIDs
func expectedFinalizers(store unsafe.Pointer, key string) sets.Set[types.UID]

//go:linkname forgetFinalizers k8s.io/kubernetes/pkg/controller/job.(*uidTrackingExpectations).deleteExpectations
func forgetFinalizers(store unsafe.Pointer, logger klog.Logger, key string)

//go:linkname parseIndexesFromString k8s.io/kubernetes/pkg/controller/job.parseIndexesFromString
func parseIndexesFromString(logger klog.Logger, indexes string, completions int) intervals

//go:linkname calculateSucceededIndexes k8s.io/kubernetes/pkg/controller/job.calculateSucceededIndexes
func calculateSucceededIndexes(logger klog.Logger, job *batchv1.Job, pods []*corev1.Pod) (before, now intervals)

//go:linkname calculateFailedIndexes k8s.io/kubernetes/pkg/controller/job.calculateFailedIndexes
func calculateFailedIndexes(logger klog.Logger, job *batchv1.Job, pods []*corev1.Pod) *intervals

//go:linkname matchPodFailurePolicy k8s.io/kubernetes/pkg/controller/job.matchPodFailurePolicy
func matchPodFailurePolicy(policy *batchv1.PodFailurePolicy, pod *corev1.Pod) (*string, bool, *batchv1.PodFailurePolicyAction)

//go:linkname matchSuccessPolicy k8s.io/kubernetes/pkg/controller/job.matchSuccessPolicy
func matchSuccessPolicy(logger klog.Logger, policy *batchv1.SuccessPolicy, completions int32, succeeded intervals) (string, bool)

//go:linkname getRemainingTimeForFailuresCount k8s.io/kubernetes/pkg/controller/job.getRemainingTimeForFailuresCount
func getRemainingTimeForFailuresCount(clock clock.WithTicker, first, most time.Duration, failures int32, last *time.Time) time.Duration

//go:linkname pastBackoffLimitOnFailure k8s.io/kubernetes/pkg/controller/job.pastBackoffLimitOnFailure
func pastBackoffLimitOnFailure(job *batchv1.Job, pods []*corev1.Pod) bool

//go:linkname getFinishedTime k8s.io/kubernetes/pkg/controller/job.getFinishedTime
func getFinishedTime(pod *corev1.Pod) time.Time

//go:linkname getStartOrdinal k8s.io/kubernetes/pkg/controller/statefulset.getStartOrdinal
func getStartOrdinal(set *appsv1.StatefulSet) int

//go:linkname getEndOrdinal k8s.io/kubernetes/pkg/controller/statefulset.getEndOrdinal
func getEndOrdinal(set *appsv1.StatefulSet) int

//go:linkname podInOrdinalRange k8s.io/kubernetes/pkg/controller/statefulset.podInOrdinalRange
func podInOrdinalRange(pod *corev1.Pod, set *appsv1.StatefulSet) bool

//go:linkname getParentNameAndOrdinal k8s.io/kubernetes/pkg/controller/statefulset.getParentNameAndOrdinal
func getParentNameAndOrdinal(pod *corev1.Pod) (string, int)

//go:linkname getStatefulSetMaxUnavailable k8s.io/kubernetes/pkg/controller/statefulset.getStatefulSetMaxUnavailable
func getStatefulSetMaxUnavailable(bound *intstr.IntOrString, replicas int) (int, error)

//go:linkname isClaimOwnerUpToDate k8s.io/kubernetes/pkg/controller/statefulset.isClaimOwnerUpToDate
func isClaimOwnerUpToDate(logger klog.Logger, claim *corev1.PersistentVolumeClaim, set *appsv1.StatefulSet, pod *corev1.Pod) bool

//go:linkname updateClaimOwnerRefForSetAndPod k8s.io/kubernetes/pkg/controller/statefulset.updateClaimOwnerRefForSetAndPod
func updateClaimOwnerRefForSetAndPod(logger klog.Logger, claim *corev1.PersistentVolumeClaim, set *appsv1.StatefulSet, pod *corev1.Pod)

// field points at an unexported field of the struct that structure points at.
func field[T any](structure any, name string) *T {
	value := reflect.ValueOf(structure).Elem().FieldByName(name)
	want := reflect.TypeFor[T]()
	if !value.IsValid() || value.Type() != want {
		panic(fmt.Sprintf("%T has no field %s of type %s", structure, name, want))
	}
	return (*T)(unsafe.Pointer(value.UnsafeAddr()))
}
