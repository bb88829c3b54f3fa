# Forebay's front door. `make` alone says what there is.
.DEFAULT_GOAL := help
.PHONY: help deps build demo test test-compat coverage-sql check asan tsan dist bench crash fuzz format clean
MAKEFLAGS += --no-print-directory
export FOREBAY_DEPS ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/forebay/deps

program := build/release/bin/forebay
step := tools/step
# FOREBAY_JOBS=1 builds with less memory.
build_with = $(step) "Configure $(1)" --quiet cmake --preset $(1) && \
	$(step) "Build $(1)" cmake --build --preset $(1) $(if $(FOREBAY_JOBS),-j$(FOREBAY_JOBS)) --target

help: ## Says what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "First time here: make demo"

deps: ## Installs the pinned dependencies (Debian packages need root)
	@tools/install_dependencies

build: deps ## Builds the program: build/release/bin/forebay
	@$(call build_with,release) program

demo: build ## Runs the main job, a web shop in real time, from end to end
	@$(program) demo ecommerce

test: deps ## Builds and runs every test that CI runs
	@$(call build_with,release) all
	@$(call build_with,asan) memory_tests
	@tools/install_dependencies test
	@tools/run_tests all

test-compat: build ## Runs the released Fluss clients and Flink's connector against the program (Maven and a JDK)
	@tools/install_dependencies test
	@tests/compat/run $(program) python java flink tiering
	@tests/submit/run $(program)

asan: deps ## Runs all unit tests with the address and undefined-behaviour sanitizers
	@$(call build_with,asan) unit_tests
	@tools/run_tests unit asan

tsan: deps ## Runs all unit tests with the thread sanitizer
	@$(call build_with,tsan) unit_tests
	@tools/run_tests unit tsan

coverage-sql: ## Prints which of Flink's functions and statements the SQL tests cover, by tier
	@tools/coverage_sql

check: deps ## Checks format, layers, style and, on changed files, clang-tidy
	@tools/install_dependencies check
	@$(call build_with,dev) rpc_messages
	@tools/check

format: ## Formats all C++ in place
	@tools/install_dependencies check
	@git ls-files '*.h' '*.cc' | xargs -r $(FOREBAY_DEPS)/tools/bin/clang-format -i

dist: build ## Makes build/forebay-<version>-linux-x86_64.tar.gz: unpack it anywhere and run
	@$(step) "Package" tools/make_dist

bench: build ## Runs the benchmarks that docs/benchmarks.md describes
	@tools/run_tests suite bench

crash: build ## Runs the tests of kill -9, damaged files and full disks alone, 200 cycles or CYCLES=n
	@tools/install_dependencies test
	@tools/run_tests suite crash crash_jobs crash_inserts crash_clients bad_input disk_full disk_errors

fuzz: deps ## Fuzzes every decoder for SECONDS=n (600), or only TARGET="name …"; needs Clang
	@tools/install_dependencies fuzz
	@$(call build_with,fuzz) fuzzers
	@tests/fuzz/run --seconds $(or $(SECONDS),600) $(TARGET)

clean: ## Removes build/; the dependencies stay
	rm -rf build
