from counterexamples import *
