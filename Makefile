# SPDX-License-Identifier: MIT
#
#   make                      build/corosfs; V=1 shows whole commands
#   make check                every test: unit, mount, tools
#   make check SAN=address,undefined    (or SAN=thread) the same with a sanitizer
#   make crash KILLS=200 SEED=      kill -9 in the middle of a walk, and what the next mount shows
#   make soak MINUTES=10 SEED= SAN=thread   readers, faults, edits, remounts against a model
#   make fuzz FUZZ_S=60      fuzz targets, so many seconds each (clang)
#   make bench               what it costs (25 minutes); make bench-quick (80 s)
#   make lint                 clang-format, clang-tidy, cppcheck, shellcheck, include direction
#   make check-root RELEASE=trixie   every test in a new root of another Debian release
#   make install PREFIX=/usr/local DESTDIR=
#   make deb                  a Debian package, in build/deb; make check-deb tries it in a new root
VERSION := 0.1.0
PKGS := fuse3 libcurl jansson libcrypto libcrypt libxxhash
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wformat=2 -Wundef -Wvla $(if $(findstring clang,$(CC)),-Wthread-safety)
comma := ,
Q := $(if $(V),,@)
# SAN=address,undefined and SAN=thread build beside the plain objects, not over them.
B := build/$(if $(SAN),$(subst $(comma),-,$(SAN)),plain)$(if $(findstring clang,$(CC)),-clang)
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
# Other people's headers are not ours to be warned of.
override CPPFLAGS += -I. -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DCOROSFS_VERSION='"$(VERSION)"' \
        $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
override CFLAGS += -std=c17 -pthread $(WARN) $(SAN:%=-fsanitize=%)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
obj   = $(patsubst %.c,$B/%.o,$(wildcard $1))
tests = $(patsubst %.c,$B/%,$(wildcard tests/unit/$1/test_*.c))
API   := $(call obj,api/*.c)
CACHE := $(call obj,cache/*.c) $(API)
FS    := $(filter-out $B/fs/main.o,$(call obj,fs/*.c)) $(CACHE)
SUPPORT := $(call obj,tests/support/*.c)
UNIT  := $(foreach l,api cache fs,$(call tests,$l))

all: build/corosfs
# The plain program has a short name; the others keep theirs.
build/corosfs: build/plain/corosfs
	ln -sf plain/corosfs $@
$B/corosfs: $B/fs/main.o $(FS)
# A unit test links its own layer and those below, so an upward call does not link.
# tests/support/failing_alloc.c stands before the allocator, failing_disk.c before the disk.
$(UNIT): LDLIBS += -lcmocka \
        $(foreach f,malloc calloc realloc reallocarray strdup opendir fdopendir fopen setmntent __getdelim \
        openat read pread fstatat flock fchmod readdir,-Wl$(comma)--wrap=$f)
$(UNIT): %: %.o $(SUPPORT)
$(call tests,api): $(API)
$(call tests,cache): $(CACHE)
$(call tests,fs): $(FS)
$B/corosfs $(UNIT) $B/tests/bench/floor:
	# $@
	$Q$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$B/tests/bench/floor: $B/tests/bench/floor.o
$B/%.o: %.c Makefile | needs
	@mkdir -p $(@D)
	# $<
	$Q$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
-include $(shell find $B -name '*.d' 2>/dev/null)

# One sentence, rather than a compiler's complaint for each file.
needs:
	@missing=; for p in $(firstword $(CC)) pkg-config $(TOOLS); do \
		command -v $$p >/dev/null || missing="$$missing $$p"; done; \
	[ -n "$$missing" ] || for p in 'fuse3 >= 3.14' $(filter-out fuse3,$(PKGS)); do \
		pkg-config --exists "$$p" || missing="$$missing $${p%% *}"; done; \
	[ -z "$$missing" ] || { echo "missing or too old:$$missing; the README lists what to install" >&2; exit 1; }

units: $(UNIT)
check: $B/corosfs $(UNIT)
	UNITS="$(UNIT)" COROSFS=$(CURDIR)/$B/corosfs sh tests/run.sh unit mount tools
check-unit: $(UNIT)
	UNITS="$(UNIT)" sh tests/run.sh unit
check-mount: $B/corosfs
	COROSFS=$(CURDIR)/$B/corosfs sh tests/run.sh mount
# Every test in a new root of another release; RELEASE=trixie is Debian 13.
check-root:
	sh contrib/check-root.sh $(RELEASE)
check-deb: $B/corosfs
	CLEAN_ROOT=debootstrap LIMIT=900 ONLY=deb COROSFS=$(CURDIR)/$B/corosfs sh tests/run.sh tools
valgrind: $(UNIT)
	VALGRIND=1 UNITS="$(UNIT)" sh tests/run.sh unit
bench bench-quick: $B/corosfs $B/tests/bench/floor
	/usr/bin/python3 tests/bench/bench.py --corosfs $B/corosfs --floor $B/tests/bench/floor \
		$(if $(filter bench-quick,$@),--quick) $(BENCH)
	/usr/bin/python3 tests/bench/downloads.py --corosfs $B/corosfs
crash soak: $B/corosfs
	/usr/bin/python3 tests/soak/$@.py --corosfs $B/corosfs $(SEED:%=--seed %) \
		$(if $(filter soak,$@),$(MINUTES:%=--minutes %),$(KILLS:%=--kills %)) $(SOAK)
# Objects and libFuzzer's main, by clang, in a folder of their own.
FUZZ := $(patsubst %.c,$B/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZ): %: %.o $(FS)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzz:
	$(MAKE) CC=clang SAN=fuzzer-no-link,address,undefined fuzz-run
fuzz-run: $(FUZZ)
	FUZZ="$(FUZZ)" FUZZ_S=$(FUZZ_S) sh tests/fuzz/run.sh
lint:
	sh contrib/lint/lint.sh
clean:
	rm -rf build

# What is installed beside the program, as source:path below $(DESTDIR)$(PREFIX).
ZSH_COMPLETIONS ?= share/zsh/site-functions
DATA := contrib/corosfs.1:share/man/man1/corosfs.1 \
        contrib/completion/corosfs.bash:share/bash-completion/completions/corosfs \
        contrib/completion/_corosfs:$(ZSH_COMPLETIONS)/_corosfs \
        contrib/completion/corosfs.fish:share/fish/vendor_completions.d/corosfs.fish \
        contrib/config.example:share/doc/corosfs/config.example \
        README.md:share/doc/corosfs/README.md \
        CHANGELOG.md:share/doc/corosfs/CHANGELOG.md
# Where systemd looks for the units of a user, and for those of all.
SYSTEMD := $(if $(filter $(HOME)/%,$(PREFIX)),share,lib)/systemd/user
DEST = $(DESTDIR)$(PREFIX)
install: build/corosfs
	install -D -m 755 build/plain/corosfs $(DEST)/bin/corosfs
	$(foreach f,$(DATA),install -D -m 644 $(subst :, $(DEST)/,$f) &&) true
	sed 's|/usr/bin|$(PREFIX)/bin|' contrib/corosfs.service | \
		install -D -m 644 /dev/stdin $(DEST)/$(SYSTEMD)/corosfs.service
	sed 's|-f %h/coros|-f %i %h/%i|; s|%h/coros$$|%h/%i|' $(DEST)/$(SYSTEMD)/corosfs.service | \
		install -D -m 644 /dev/stdin $(DEST)/$(SYSTEMD)/corosfs@.service
uninstall:
	rm -f $(DEST)/bin/corosfs $(DEST)/$(SYSTEMD)/corosfs.service \
		$(DEST)/$(SYSTEMD)/corosfs@.service $(foreach f,$(DATA),$(DEST)/$(lastword $(subst :, ,$f)))
	rm -rf $(DEST)/share/doc/corosfs

# A binary package, build/deb/corosfs_VERSION_ARCH.deb; needs debhelper and dpkg-dev.
DEB := build/deb/corosfs-$(VERSION)
deb: TOOLS := dh dpkg-buildpackage
deb: needs
	rm -rf build/deb
	mkdir -p $(DEB)
	cp -r Makefile LICENSE README.md CHANGELOG.md api cache fs contrib $(DEB)
	mv $(DEB)/contrib/debian $(DEB)/debian
	sed 's/VERSION/$(VERSION)/' contrib/debian/changelog >$(DEB)/debian/changelog
	cd $(DEB) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -d -b -us -uc

.PHONY: all needs units check check-unit check-mount check-root check-deb valgrind bench bench-quick crash soak fuzz \
        fuzz-run lint clean deb install uninstall
.SECONDARY:
