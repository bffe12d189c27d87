package main

import (
	"maps"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/utils/clock"
)

// The pure helpers of the StatefulSet and the Job controller.
func init() {
	maps.Copy(helpers, statefulSetHelpers)
	maps.Copy(helpers, jobHelpers)
}

var statefulSetHelpers = map[string]helper{
	"getStartOrdinal":   {"s", always(func(g *given) int { return getStartOrdinal(g.statefulSet) })},
	"getEndOrdinal":     {"s", always(func(g *given) int { return getEndOrdinal(g.statefulSet) })},
	"podInOrdinalRange": {"sp", always(func(g *given) bool { return podInOrdinalRange(g.pod, g.statefulSet) })},
	"getParentNameAndOrdinal": {"p", always(func(g *given) []any {
		parent, ordinal := getParentNameAndOrdinal(g.pod)
		return []any{parent, ordinal}
	})},
	"getStatefulSetMaxUnavailable": {"", func(g *given) (any, error) {
		return getStatefulSetMaxUnavailable(g.Value, g.Total)
	}},
	"isClaimOwnerUpToDate": {"spc", always(func(g *given) bool {
		return isClaimOwnerUpToDate(logr.Discard(), g.claim, g.statefulSet, g.pod)
	})},
	"updateClaimOwnerRefForSetAndPod": {"spc", always(func(g *given) []string {
		claim := g.claim.DeepCopy() // the reader keeps the original
		updateClaimOwnerRefForSetAndPod(logr.Discard(), claim, g.statefulSet, g.pod)
		owners := []string{}
		for _, owner := range claim.OwnerReferences {
			owners = append(owners, owner.Kind+" "+owner.Name)
		}
		return owners
	})},
}

var jobHelpers = map[string]helper{
	"parseIndexesFromString": {"", always(func(g *given) [][]int {
		return pairs(parseIndexesFromString(logr.Discard(), g.Indexes, g.Completions))
	})},
	"calculateSucceededIndexes": {"j", always(func(g *given) [][][]int {
		before, now := calculateSucceededIndexes(logr.Discard(), g.job, g.pods)
		return [][][]int{pairs(before), pairs(now)}
	})},
	"calculateFailedIndexes": {"j", always(func(g *given) [][]int {
		return pairs(*calculateFailedIndexes(logr.Discard(), g.job, g.pods))
	})},
	"matchPodFailurePolicy": {"jp", always(func(g *given) []any {
		_, counts, action := matchPodFailurePolicy(g.job.Spec.PodFailurePolicy, g.pod)
		return []any{counts, action}
	})},
	"matchSuccessPolicy": {"j", always(func(g *given) bool {
		succeeded := parseIndexesFromString(logr.Discard(), g.Indexes, g.Completions)
		_, matched := matchSuccessPolicy(logr.Discard(), g.job.Spec.SuccessPolicy, int32(g.Completions), succeeded)
		return matched
	})},
	// In seconds, of so many failures of which the last was so long ago.
	"getRemainingTimeForFailuresCount": {"", always(func(g *given) float64 {
		last := g.now.Add(-time.Duration(g.Age) * time.Second)
		return getRemainingTimeForFailuresCount(clock.RealClock{}, job.DefaultJobPodFailureBackOff,
			job.MaxJobPodFailureBackOff, int32(g.Count), &last).Seconds()
	})},
	"pastBackoffLimitOnFailure": {"j", always(func(g *given) bool { return pastBackoffLimitOnFailure(g.job, g.pods) })},
	"getFinishedTime":           {"p", always(func(g *given) time.Time { return getFinishedTime(g.pod) })},
}

// workloads are the objects of both, after reading.
type workloads struct {
	statefulSet *appsv1.StatefulSet
	claim       *corev1.PersistentVolumeClaim
	job         *batchv1.Job
}

func pairs(of intervals) [][]int {
	found := [][]int{}
	for _, each := range of {
		found = append(found, []int{each.First, each.Last})
	}
	return found
}
