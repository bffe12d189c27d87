// The oracle answers what the real controllers of Kubernetes do in one sync. README.md has the protocol.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"testing"

	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
)

func main() {
	version := flag.Bool("version", false, "print the version of Kubernetes whose controllers answer, and exit")
	flag.Parse()
	if *version {
		fmt.Println("Kubernetes", kubernetesVersion())
		return
	}
	debug.SetGCPercent(400) // a third faster, for some 30 MB more
	klog.SetLogger(logr.Discard())
	// One of them logs, and the other sleeps: on the clock of the sync.
	utilruntime.ErrorHandlers = nil
	// Which of two goroutines that wait for a retry comes first must not be drawn.
	retry.DefaultRetry.Jitter, retry.DefaultBackoff.Jitter = 0, 0

	// synctest wants a test to run in, and testing.Main is the way to have one in a program.
	testing.Main(func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "oracle", F: func(t *testing.T) {
			if err := run(t, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, "oracle:", err)
				os.Exit(1)
			}
			os.Exit(0) // before the test framework adds its own lines
		}}}, nil, nil)
}

// run answers line by line. Every answer is flushed, so that of a crash only its own request has none.
func run(t *testing.T, in io.Reader, out io.Writer) error {
	input := bufio.NewReaderSize(in, 1<<20)
	output := bufio.NewWriterSize(out, 1<<20)
	oracle := newOracle(t)
	for {
		line, err := input.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := oracle.answer(line).write(output); err != nil {
				return err
			}
			if err := output.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func kubernetesVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "k8s.io/kubernetes" {
				return module.Version
			}
		}
	}
	return "of unknown version"
}
