// Says what the API server makes of manifests: one object a line comes in, one answer a line goes out.
//
// An answer has `stored`, the object as it would be stored, and `warnings`; or `refused`, the errors
// of its validation; or `undecoded`, where the object is not of its kind; or `crashed`. Feature gates
// may be given as the only argument, as NAME=true,NAME=false.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
)

// The part of a registry's strategy that a create goes through.
type strategy interface {
	PrepareForCreate(ctx context.Context, obj runtime.Object)
	Validate(ctx context.Context, obj runtime.Object) field.ErrorList
	WarningsOnCreate(ctx context.Context, obj runtime.Object) []string
}

var strategies = map[string]strategy{
	"CronJob":     cronjob.Strategy,
	"DaemonSet":   daemonset.Strategy,
	"Deployment":  deployment.Strategy,
	"Job":         job.Strategy,
	"StatefulSet": statefulset.Strategy,
}

// What the API server has given the object by the time that its strategy is asked.
const uid = types.UID("11111111-1111-1111-1111-111111111111")

type answer struct {
	Stored    json.RawMessage `json:"stored,omitempty"`
	Warnings  []string        `json:"warnings,omitempty"`
	Refused   []refusal       `json:"refused,omitempty"`
	Undecoded string          `json:"undecoded,omitempty"`
	Crashed   string          `json:"crashed,omitempty"`
}

type refusal struct {
	Field string `json:"field"`
	Says  string `json:"says"`
}

func main() {
	if len(os.Args) > 1 {
		if err := utilfeature.DefaultMutableFeatureGate.Set(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	strict := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	decoder := strict.UniversalDecoder(internal("apps"), internal("batch"))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(created(decoder, lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func internal(group string) schema.GroupVersion {
	return schema.GroupVersion{Group: group, Version: runtime.APIVersionInternal}
}

// created takes an object the way of a create: decoding, defaults, preparation, validation.
func created(decoder runtime.Decoder, data []byte) (found answer) {
	defer func() {
		if crash := recover(); crash != nil {
			found = answer{Crashed: fmt.Sprint(crash)}
		}
	}()
	object, kind, err := decoder.Decode(data, nil, nil)
	if err != nil {
		return answer{Undecoded: err.Error()}
	}
	metadata, err := meta.Accessor(object)
	if err != nil {
		return answer{Undecoded: err.Error()}
	}
	metadata.SetNamespace("default")
	metadata.SetUID(uid)
	rules, ctx := strategies[kind.Kind], context.Background()
	rules.PrepareForCreate(ctx, object)
	for _, each := range rules.Validate(ctx, object) {
		found.Refused = append(found.Refused, refusal{each.Field, each.ErrorBody()})
	}
	if found.Refused != nil {
		return found
	}
	found.Warnings = rules.WarningsOnCreate(ctx, object)
	version := schema.GroupVersion{Group: kind.Group, Version: "v1"}
	found.Stored, err = runtime.Encode(legacyscheme.Codecs.LegacyCodec(version), object)
	if err != nil {
		return answer{Undecoded: err.Error()}
	}
	return found
}
