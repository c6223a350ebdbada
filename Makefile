# The one entry to building, running and testing Weir. Every target installs what it needs and finds it missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

WEIR := target/release/weir
CHROMIUM ?= /usr/bin/chromium

help: ## Lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: build ## Builds everything and starts the server with its defaults
	@$(WEIR) serve

demo: build ffmpeg ## The same with a test picture and tone, so that the printed page shows something
	@scripts/demo $(WEIR)

build: compiler web/dist/.built ## Builds the web part and the release binary
	@cargo build --release --locked --bin weir

web: web/dist/.built ## Builds the web part

web/dist/.built: $(shell git ls-files web 2>/dev/null | grep -v '^web/dist' || true) | node
	@echo "building the web pages"
	@cd web && npm ci --no-audit --no-fund --loglevel=error && npm run build --silent
	@touch $@

test: compiler ffmpeg openssl browser database python web/dist/.built ## Runs all tests: units, then the real thing with ffmpeg and Chromium
	@scripts/test

soak: build ffmpeg ## The hostile peers of the tests for longer: a million broken connections, 60 000 mutated sessions
	@fixtures/make
	@WEIR_CYCLES=1000000 WEIR_SESSIONS=60000 node --test --test-concurrency=1 --test-force-exit --test-reporter=spec \
		e2e/faults/hostile.test.mjs e2e/faults/mutated.test.mjs

soak-kill: build ffmpeg e2e/node_modules/.installed ## Kills the server ten times while it records five streams and fifty people watch
	@fixtures/make
	@WEIR_KILLS=10 WEIR_STREAMS=5 WEIR_VIEWERS=50 node --test --test-force-exit --test-reporter=spec e2e/faults/kill.test.mjs

e2e-clients: build ffmpeg ## Installs other players and encoders (VLC, mpv, rtmpdump, GStreamer) and tests with them
	@scripts/need cvlc:vlc-bin,vlc-plugin-base mpv:mpv rtmpdump:rtmpdump \
		gst-launch-1.0:gstreamer1.0-tools,gstreamer1.0-plugins-good,gstreamer1.0-plugins-bad,gstreamer1.0-libav
	@scripts/test clients

test-unit: compiler ffmpeg ## Only the tests beside the code
	@cargo test --workspace --locked --quiet

lint: compiler web/node_modules/.installed ## Says what is wrong with the form
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	@cd web && npm run lint --silent

fix: web/node_modules/.installed ## Mends the form where a tool can
	@cargo fmt --all
	@cargo clippy --workspace --all-targets --fix --allow-dirty --quiet
	@cd web && npm run fix --silent

fixtures: ffmpeg ## Makes the small media files the end-to-end tests publish
	@fixtures/make

deny: compiler ## Checks licences, sources and banned crates of all dependencies
	@command -v cargo-deny >/dev/null || cargo install cargo-deny --locked
	@cargo deny --locked check licenses bans sources

bench: compiler ## Times the hot paths
	@bench/hot-paths

bench-chat: build e2e/node_modules/.installed ## Chat at full size: 2 000 sockets in one room, 500 messages per second
	@node bench/chat/run.mjs

bench-transcode: build ffmpeg node python ## Renditions by a job beside the bare ffmpeg command of the same settings
	@node bench/transcode/run.mjs

bench-upload: build ffmpeg node ## How soon the first segment of a large upload is there; GIB (default 2) of it
	@node bench/vod/upload.mjs

bench-lists: build e2e/node_modules/.installed python database ## Lists, search and pages over 100 000 rooms and 10 million messages, on both databases
	@node bench/lists/run.mjs

web-bench: build e2e/node_modules/.installed ffmpeg browser ## Times the pages: first picture near and on a slow line, a chat in flood, sizes
	@node bench/web/run.mjs

bench-vod: build ffmpeg ## Stored videos packaged on request beside nginx with the same bytes as files; seeks in three hours
	@scripts/need nginx:nginx wrk:wrk python3:python3
	@node bench/vod/run.mjs

fuzz: ## Fuzzes every parser for FUZZ_SECONDS (default 600) each
	@scripts/fuzz $${FUZZ_SECONDS:-600}

api-fuzz: build ## Calls every operation of the API with right and wrong values, EXAMPLES (default 200) times each
	@scripts/need pip3:python3-pip,python3-venv
	@test -x target/schemathesis/bin/schemathesis || { python3 -m venv target/schemathesis && target/schemathesis/bin/pip install --quiet schemathesis==4.32.5; }
	@SCHEMATHESIS=$(CURDIR)/target/schemathesis/bin/schemathesis node e2e/api-fuzz.mjs

web/node_modules/.installed: web/package-lock.json | node
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

e2e/node_modules/.installed: e2e/package-lock.json | node
	@cd e2e && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# What a fresh Debian machine lacks.
compiler: ; @scripts/need cc:gcc make:make cargo:
ffmpeg: ; @scripts/need ffmpeg:ffmpeg
openssl: ; @scripts/need openssl:openssl
node: ; @scripts/need node:nodejs npm:npm
browser: node ; @scripts/need chromium:chromium
python: ; @scripts/need python3:python3
database: ; @scripts/need pg_ctlcluster:postgresql redis-server:redis-server

.PHONY: help run demo build web test soak soak-kill e2e-clients test-unit lint fix fixtures deny bench bench-chat bench-lists bench-transcode bench-vod bench-upload web-bench fuzz api-fuzz compiler ffmpeg openssl node browser python database
