# What this project adds to the DAG; the Makefile reads this file before its own rules. All of it is optional:
#   DATA_DEPS       more files that the data set depends on
#   REPORT_DEPS     files that the report needs
#   VALIDATION_DEPS files that the page on the data depends on
#   PROJECT_STEPS   targets of your own, appended to `make all`; write their rules below
#   PROJECT_CHECKS  commands of your own, run by `make test`
#   TEST_OPTIONS    options of pytest, such as -n auto once your tests take more than some seconds

# How long the targets take, for `make help`: measured with the quick profile on two cores.
#: setup     a minute, 2 GB
#: data      10 s
#: validate-data 5 s
#: data-manifest a second
#: train     20 s
#: evaluate  10 s
#: export    15 s
#: quantise  10 s
#: engines   10 s
#: portability a minute
#: portability-compare 5 s
#: serve     until stopped
#: triton-repository a second
#: explain   a minute
#: describe  10 s
#: fair      10 s
#: fair-verify a second
#: report    10 s
#: reproduce-seeds a minute
#: reproduce-splits a minute
#: ablations a minute
#: learning-curve 2 minutes
#: compare   5 s
#: all       a minute
#: engine    a second
#: status    a few seconds
#: test      under 20 s
#: lint      20 s
#: docs      half a minute
#: links     minutes, needs the network
#: container 10 minutes
#: container-test 2 minutes
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
