package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
	"k8s.io/kubernetes/pkg/controller"
	"k8s.io/kubernetes/pkg/controller/deployment/util"
)

// arguments are those of all helpers together; each uses the few that its upstream function has.
// Objects are read and validated as in a sync.
type arguments struct {
	Value          *intstr.IntOrString
	Total          int
	RoundUp        bool
	MaxSurge       *intstr.IntOrString
	MaxUnavailable *intstr.IntOrString
	Desired        int32
	ToAdd          int32
	Added          int32
	Deployment     json.RawMessage
	ReplicaSet     json.RawMessage
	ReplicaSets    []json.RawMessage
	Status         appsv1.DeploymentStatus
	Template       corev1.PodTemplateSpec
	CollisionCount *int32
	Pod            json.RawMessage
	Pods           []json.RawMessage
	Related        []json.RawMessage
	Ranks          []int
	Count          int
	MinReady       int32 `json:"minReadySeconds"`
	StatefulSet    json.RawMessage
	Claim          json.RawMessage
	Job            json.RawMessage
	Indexes        string
	Completions    int
	Age            int
	// StatefulSetStatus is changed in place upstream.
	StatefulSetStatus appsv1.StatefulSetStatus
}

// given are the arguments after reading.
type given struct {
	arguments
	now         metav1.Time
	deployment  *appsv1.Deployment
	replicaSet  *appsv1.ReplicaSet
	replicaSets []*appsv1.ReplicaSet
	pod         *corev1.Pod
	pods        []*corev1.Pod
	related     []*corev1.Pod
	workloads
}

// helper is a pure function upstream, called by its own name.
type helper struct {
	needs string // of deployment, replicaSet, pod, statefulSet, claim, job: their first letters
	call  func(*given) (any, error)
}

func always[T any](f func(*given) T) func(*given) (any, error) {
	return func(g *given) (any, error) { return f(g), nil }
}

var helpers = map[string]helper{
	"GetScaledValueFromIntOrPercent": {"", func(g *given) (any, error) {
		return intstr.GetScaledValueFromIntOrPercent(g.Value, g.Total, g.RoundUp)
	}},
	"ResolveFenceposts": {"", func(g *given) (any, error) {
		surge, unavailable, err := util.ResolveFenceposts(g.MaxSurge, g.MaxUnavailable, g.Desired)
		return []int32{surge, unavailable}, err
	}},
	"MaxSurge":       {"d", always(func(g *given) int32 { return util.MaxSurge(*g.deployment) })},
	"MaxUnavailable": {"d", always(func(g *given) int32 { return util.MaxUnavailable(*g.deployment) })},
	"MinAvailable":   {"d", always(func(g *given) int32 { return util.MinAvailable(g.deployment) })},
	"NewRSNewReplicas": {"dr", func(g *given) (any, error) {
		return util.NewRSNewReplicas(g.deployment, g.replicaSets, g.replicaSet)
	}},
	"GetReplicaSetProportion": {"dr", always(func(g *given) int32 {
		return util.GetReplicaSetProportion(logr.Discard(), g.replicaSet, *g.deployment, g.ToAdd, g.Added)
	})},
	"IsSaturated": {"d", always(func(g *given) bool { return util.IsSaturated(g.deployment, g.replicaSet) })},
	"FindActiveOrLatest": {"", always(func(g *given) *string {
		return nameOf(util.FindActiveOrLatest(g.replicaSet, g.replicaSets))
	})},
	"FindNewReplicaSet": {"d", always(func(g *given) *string {
		return nameOf(util.FindNewReplicaSet(g.deployment, g.replicaSets))
	})},
	"FindOldReplicaSets": {"d", always(func(g *given) [][]string {
		withPods, all := util.FindOldReplicaSets(g.deployment, g.replicaSets)
		return [][]string{namesOf(withPods), namesOf(all)}
	})},
	"MaxRevision":  {"", always(func(g *given) int64 { return util.MaxRevision(logr.Discard(), g.replicaSets) })},
	"LastRevision": {"", always(func(g *given) int64 { return util.LastRevision(logr.Discard(), g.replicaSets) })},
	"DeploymentComplete": {"d", always(func(g *given) bool {
		return util.DeploymentComplete(g.deployment, &g.Status)
	})},
	"DeploymentProgressing": {"d", always(func(g *given) bool {
		return util.DeploymentProgressing(g.deployment, &g.Status)
	})},
	"DeploymentTimedOut": {"d", always(func(g *given) bool {
		return util.DeploymentTimedOut(silent, g.deployment, &g.Status)
	})},
	"ComputeHash": {"", always(func(g *given) string { return controller.ComputeHash(&g.Template, g.CollisionCount) })},
	"ReplicaSetsByRevision": {"", always(func(g *given) []string {
		sort.Sort(util.ReplicaSetsByRevision(g.replicaSets))
		return namesOf(g.replicaSets)
	})},
	"ReplicaSetsByCreationTimestamp": {"", always(func(g *given) []string {
		sort.Sort(controller.ReplicaSetsByCreationTimestamp(g.replicaSets))
		return namesOf(g.replicaSets)
	})},
	"ReplicaSetsBySizeNewer": {"", always(func(g *given) []string {
		sort.Sort(controller.ReplicaSetsBySizeNewer(g.replicaSets))
		return namesOf(g.replicaSets)
	})},
	"ReplicaSetsBySizeOlder": {"", always(func(g *given) []string {
		sort.Sort(controller.ReplicaSetsBySizeOlder(g.replicaSets))
		return namesOf(g.replicaSets)
	})},
	"IsPodActive": {"p", always(func(g *given) bool { return controller.IsPodActive(g.pod) })},
	"IsPodAvailable": {"p", always(func(g *given) bool {
		return podutil.IsPodAvailable(g.pod, g.MinReady, g.now)
	})},
	"ActivePodsWithRanks": {"", func(g *given) (any, error) {
		if len(g.Ranks) != len(g.pods) {
			return nil, errors.New("as many ranks as pods are needed")
		}
		sort.Sort(controller.ActivePodsWithRanks{Pods: g.pods, Rank: g.Ranks, Now: g.now})
		return namesOf(g.pods), nil
	}},
	"getPodsToDelete": {"", func(g *given) (any, error) {
		if g.Count < 0 || g.Count > len(g.pods) {
			return nil, errors.New("count must be between 0 and the number of pods")
		}
		return namesOf(getPodsToDelete(g.pods, g.related, g.Count)), nil
	}},
}

// help answers a request about a helper. An error of the function itself is part of its answer.
func (o *oracle) help(r *request, reader *reader) (reply, error) {
	helper, known := helpers[r.Helper]
	if !known {
		return reply{}, badRequest("helper: no such helper: %q", r.Helper)
	}
	now := earliest
	if r.Now != "" {
		var err error
		if now, err = r.clock(); err != nil {
			return reply{}, err
		}
	}
	given, err := readArguments(r.Args, reader)
	if err != nil {
		return reply{}, err
	}
	for _, need := range helper.needs {
		there := map[rune]bool{
			'd': given.deployment != nil, 'r': given.replicaSet != nil, 'p': given.pod != nil,
			's': given.statefulSet != nil, 'c': given.claim != nil, 'j': given.job != nil,
		}
		if !there[need] {
			return reply{}, badRequest("args: %s needs an object that is not there", r.Helper)
		}
	}
	given.now = metav1.NewTime(now)
	var result any
	var failed error
	if err := at(o.t, now, time.Duration(0), func() {}, func() { result, failed = helper.call(given) }); err != nil {
		return reply{}, err
	}
	failure := json.RawMessage("null")
	if failed != nil {
		failure, _ = json.Marshal(failed.Error())
		result = nil
	}
	encoded, err := json.Marshal(result)
	return reply{Result: encoded, Error: &failure}, err
}

func readArguments(text json.RawMessage, reader *reader) (*given, error) {
	var g given
	if len(text) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&g.arguments); err != nil {
			return nil, badRequest("args: %v", err)
		}
	}
	return &g, errors.Join(
		readOne(reader, g.Deployment, &g.deployment),
		readOne(reader, g.ReplicaSet, &g.replicaSet),
		readOne(reader, g.Pod, &g.pod),
		readOne(reader, g.arguments.StatefulSet, &g.statefulSet),
		readOne(reader, g.arguments.Claim, &g.claim),
		readOne(reader, g.arguments.Job, &g.job),
		readAll(reader, g.ReplicaSets, &g.replicaSets),
		readAll(reader, g.Pods, &g.pods),
		readAll(reader, g.Related, &g.related),
	)
}

// readOne leaves the pointer nil for an object that is absent or null.
func readOne[T any](reader *reader, text json.RawMessage, into **T) error {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	object, err := reader.read(text)
	if err != nil {
		return err
	}
	typed, ok := object.v1.(any).(*T)
	if !ok {
		return badRequest("args: a %s stands where %s is expected", object.Kind, fmt.Sprintf("%T", *new(T)))
	}
	*into = typed
	return nil
}

func readAll[T any](reader *reader, texts []json.RawMessage, into *[]*T) error {
	for _, text := range texts {
		var one *T
		if err := readOne(reader, text, &one); err != nil {
			return err
		}
		if one != nil {
			*into = append(*into, one)
		}
	}
	return nil
}

func nameOf(rs *appsv1.ReplicaSet) *string {
	if rs == nil {
		return nil
	}
	return &rs.Name
}

func namesOf[T metav1.Object](objects []T) []string {
	names := []string{}
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	return names
}
