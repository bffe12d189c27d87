from properties import *
