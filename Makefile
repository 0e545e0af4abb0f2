# Everything that is done to this tree by hand or by a machine. "make run" and "make test" need no
# step before them: they install what is missing (see tools/install-packages).

BINARY := .build/release/nexus-discovery
CONFIG := nexus.toml

# Where Swift may be, should it not be on the PATH: Debian's swiftlang, a toolchain by hand.
export PATH := $(PATH):/usr/sbin:/sbin:/usr/libexec/swift/bin:/opt/swift/usr/bin
# The tests of the whole run the very program that is shipped.
export NEXUS_BINARY := $(abspath $(BINARY))

.PHONY: help run test test-unit test-lab build lint clean setup setup-build

help:
	@echo 'make run        build and run the daemon here, on $(CONFIG)'
	@echo 'make test       lint, build and run all the tests; as root with the lab'
	@echo 'make test-unit  the tests of the parts alone'
	@echo 'make test-lab   the tests on several hosts, made of network namespaces (needs root)'
	@echo 'make build      the program itself: $(BINARY)'
	@echo 'make lint       check the format of the sources'
	@echo 'make clean      remove what was built'

run: build
	@tools/install-packages run
	@tools/run-daemon $(BINARY) $(CONFIG)

test: setup lint build
	@[ "$$(id -u)" -eq 0 ] || echo 'without root the lab is skipped; with it: sudo make test' >&2
	swift test

test-unit: setup-build
	swift test --skip LabTests

test-lab: setup build
	swift test --filter LabTests

build: setup-build
	swift build --configuration release --static-swift-stdlib --product nexus-discovery

lint: setup-build
	swift format lint --strict --parallel --recursive Sources Tests Package.swift

clean:
	rm -rf .build

setup:
	@tools/install-packages build run test

setup-build:
	@tools/install-packages build
