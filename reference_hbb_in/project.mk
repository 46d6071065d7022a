# What this project adds to the DAG; the Makefile reads this file before its own rules. All of it is optional.

TEST_OPTIONS := -n auto --dist loadfile

# How long the targets take, for `make help`: measured with the quick profile on two cores.
#: setup     a minute, 2 GB
#: engine    a second
#: data      4 minutes
#: data-manifest a second
#: validate-data 20 s
#: train     2 minutes
#: evaluate  10 s
#: export    20 s
#: quantise  10 s
#: engines   10 s
#: portability 3 minutes
#: portability-compare 5 s
#: serve     until stopped
#: triton-repository a second
#: explain   5 minutes
#: explain-paper 2 minutes more
#: describe  10 s
#: fair      10 s
#: fair-verify a second
#: report    15 s
#: reproduce-seeds 6 minutes
#: reproduce-splits 8 minutes
#: ablations 3 minutes
#: learning-curve 4 minutes
#: compare   10 s
#: all       8 minutes, 150 MB
#: status    a few seconds
#: test      3 minutes
#: test-slow 7 minutes
#: lint      20 s
#: docs      half a minute
#: links     minutes, needs the network
#: container 10 minutes
#: container-test 4 minutes
#: graph     5 s
#: metadata  a second
#: metadata-check a second
#: publish-dry-run 10 s
#: publish-draft a minute
#: publish   a minute
#: stamp-doi a second
#: fetch     10 s
#: lock      half a minute
#: clean     a second

.PHONY: explain-paper test-slow
explain-paper: $(WEIGHTS) $(REPRODUCTION)/ablations.json ## make the figures of arXiv:2212.05081, with the published numbers beside
	$(RUN) explain-paper --profile $(PROFILE)

test-slow: $(READY) ## run the tests that take long: the CMS files, kernels of all sizes, whole studies
	$(PYTHON) -m pytest -m slow
