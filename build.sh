#!/bin/bash
# build.sh - the only entry: builds, runs, tests, measures and packs Posthaste.
# Say `./build.sh help` for what it can do.  What is built stands in
# meson.build; this file knows the machine around it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
from=$PWD
cd "$here"

# Debian packages: to build, to test, for the comparisons of the bench.
build_packages=(
	gcc libc6-dev meson ninja-build pkg-config
	libargon2-dev libcrypt-dev libevent-dev
	libgnutls28-dev libical-dev
	libidn2-dev libjansson-dev libmicrohttpd-dev libqrencode-dev
	libseccomp-dev libsqlite3-dev libssl-dev libunbound-dev
	libunistring-dev libxml2-dev libzxcvbn-dev tzdata zlib1g-dev
)
test_packages=(
	bind9 bind9-utils cadaver chromium clang clang-tidy cppcheck curl
	dpkg-dev fetchmail getmail6 gsasl isync khal khard knot knot-dnssecutils
	libclang-rt-14-dev libnet-ssleay-perl litmus neomutt nodejs nsd
	offlineimap3 openssl perl python3 python3-caldav python3-cryptography
	python3-dkim python3-jsonschema python3-nacl shellcheck sieve-connect
	swaks vdirsyncer zbar-tools
)
# Some packages of nodejs bring it along.
command -v npm > /dev/null || test_packages+=(npm)
# Mail servers exclude each other: where there is none, Postfix; and another
# one beside it, in build/, which is only run by tests.
[[ -e /usr/sbin/sendmail ]] || test_packages+=(postfix)
beside_packages=(opensmtpd)
bench_packages=(gcc python3)

usage()
{
	cat <<-'END'
	usage: ./build.sh COMMAND

	run [--data DIR] [--address IP] [--base-port N] [--domain NAME]
	    [--info FILE] [--users K]
	              build when needed, make a demo domain and serve it until
	              SIGTERM; the second time keeps the data (default: var/)
	test [unit|lint|e2e|FILE]...
	              everything, or that part, with ASan and UBSan
	bench [--quick] [--rows A,B] [--peers A,B] [--install-peers] [--list]
	      [--runs N] [--minutes N] [--json FILE] [--markdown FILE] [--svg FILE]
	              measure the release build beside other servers
	fuzz [TARGET] [SECONDS]
	              replay the corpus, then look for more
	fuzz --minutes N [TARGET]...
	              until each had that much CPU time in all (tests/fuzz/ledger)
	fuzz --keep   take what was found and reaches new code into the corpora
	coverage      what the corpora reach, target by target: docs/fuzz.md
	torture [KIND] [ROUNDS]
	              kills, power cuts, failing calls, full and failing disks,
	              jumps of the clock, slow connections, storms of logins, idle connections; docs/torture.md
	lint          the checks of tests/lint
	install [--prefix /usr] [--root DIR]
	              binary, man pages, systemd unit
	package       a Debian package, in build/
	clean         remove build/
	END
}

say()
{
	printf '%s\n' "build.sh: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Those of the named packages that are not installed.
missing()
{
	comm -23 <(printf '%s\n' "$@" | sort -u) \
	    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
	    2> /dev/null | sed -n 's/^installed //p' | sort -u)
}

# Packages are there, or are installed now: at once by root and in CI, by a
# person after one question.  Elsewhere than on Debian meson says what lacks.
need()
{
	command -v dpkg-query > /dev/null || return 0
	local lack answer as=()
	mapfile -t lack < <(missing "$@")
	((${#lack[@]})) || return 0
	if ((EUID)); then
		command -v sudo > /dev/null || die "please install, as root:" \
		    "apt-get install --no-install-recommends ${lack[*]}"
		as=(sudo)
		if [[ -n ${CI:-} ]]; then
			as=(sudo -n)
		elif [[ -t 0 && -t 2 ]]; then
			say "these Debian packages are missing: ${lack[*]}"
			read -r -p "Install them with sudo? [Y/n] " answer
			[[ ${answer:-y} == [Yy]* ]] || exit 1
		else
			die "please install: sudo apt-get install" \
			    "--no-install-recommends ${lack[*]}"
		fi
	fi
	say "installing ${lack[*]}"
	install_packages "${lack[@]}"
}

install_packages()
{
	local apt=("${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)

	mkdir -p build
	if "${apt[@]}" install -y --no-install-recommends "$@" \
	    > build/apt.log 2>&1 < /dev/null; then
		return
	fi
	{
		"${apt[@]}" update &&
		    "${apt[@]}" install -y --no-install-recommends "$@"
	} > build/apt.log 2>&1 < /dev/null ||
	    die "cannot install them; build/apt.log says why:" \
	    "$(tail -n 3 build/apt.log)"
}

# Packages that are unpacked and not installed; tests do without.
unpack_beside()
{
	local name
	command -v dpkg-deb > /dev/null || return 0
	for name in "${beside_packages[@]}"; do
		[[ ! -d build/beside/$name ]] || continue
		rm -rf "build/beside/$name.new"
		mkdir -p "build/beside/$name.new"
		if (cd build/beside && apt-get -qq download "$name") \
		    > /dev/null 2>&1 &&
		    dpkg-deb -x build/beside/"$name"_*.deb \
		    "build/beside/$name.new"; then
			mv "build/beside/$name.new" "build/beside/$name"
		fi
	done
}

# A path as the caller meant it.
absolute()
{
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$from/$1" ;;
	esac
}

# meson globs when it configures; this is what it would see.
sources()
{
	local folder
	for folder in mailcore autoconfig profiles davd www tests; do
		[[ ! -d $folder ]] || find "$folder" -name '*.[ch]' \
		    -o -name '*.sql' -o -path 'www/*' -type f
	done | sort
}

# configure TREE OPTION...: a build folder that fits the present files.
configure()
{
	local tree=build/$1 list
	shift
	list=$(sources)$'\n'$*
	if [[ ! -f $tree/build.ninja ]]; then
		rm -rf "$tree"
		mkdir -p build
		meson setup "$tree" "$@" > "$tree.log" 2>&1 ||
		    { tail -n 20 "$tree.log" >&2; die "meson failed"; }
	elif [[ $list != "$(cat "$tree/.sources" 2> /dev/null)" ]]; then
		meson setup --reconfigure "$tree" "$@" > "$tree.log" 2>&1 ||
		    { tail -n 20 "$tree.log" >&2; die "meson failed"; }
	fi
	printf '%s\n' "$list" > "$tree/.sources"
}

# compile TREE NINJA-TARGET...: quiet unless something is wrong.
compile()
{
	local tree=build/$1
	shift
	ninja -C "$tree" "$@" > "$tree.log" 2>&1 || {
		grep -vE '^\[[0-9]+/' "$tree.log" | sed -n 1,60p >&2
		die "the build failed; all of it is in $tree.log"
	}
}

build_release()
{
	need "${build_packages[@]}"
	configure release --buildtype release -Doptimization=2
	compile release posthaste
}

build_checked()
{
	need "${build_packages[@]}" "${test_packages[@]}"
	configure asan --buildtype debugoptimized --werror \
	    -Db_sanitize=address,undefined
	compile asan "$@"
}

run()
{
	local data=$here/var address=127.0.0.1 port=20000 users=0
	local domain=posthaste.test info='' binary=build/release/posthaste
	while (($#)); do
		(($# > 1)) || die "run: $1 wants a value"
		case $1 in
		--data) data=$(absolute "$2") ;;
		--address) address=$2 ;;
		--base-port) port=$2 ;;
		--domain) domain=$2 ;;
		--info) info=$(absolute "$2") ;;
		--users) users=$2 ;;
		*) die "run: no option $1; see ./build.sh help" ;;
		esac
		shift 2
	done
	if [[ -n ${POSTHASTE_BUILD:-} ]]; then
		binary=$(absolute "$POSTHASTE_BUILD")/posthaste
	else
		build_release
	fi
	[[ -n $info ]] || info=$data/info.json
	rm -f "$info"
	"$binary" init --data "$data" --domain "$domain" \
	    --address "$address" --base-port "$port" --users "$users" \
	    > /dev/null
	# Not a child of the server, which knows only its roles.
	( "$binary" wait-ready --data "$data" --info "$info" & )
	exec "$binary" serve --data "$data"
}

# Scripts and programs that speak TAP, in the order in which they should run.
tests_of()
{
	case $1 in
	unit) find build/asan -maxdepth 1 -name 'test_*' -type f | sort ;;
	lint) find tests/lint -maxdepth 1 -type f -perm -u+x | sort ;;
	e2e) find tests/e2e tests/torture -maxdepth 1 -name '*.py' \
	    -perm -u+x | sort ;;
	*) [[ -x $1 ]] || die "test: $1 is no test"
	   printf '%s\n' "$1" ;;
	esac
}

# run_programs PROGRAM...: what fails beside others is run once more, alone: a
# second failure counts, and so does anything that a sanitizer said.  What the
# second run saves is named, as it is a fault of the test or worse.
run_programs()
{
	local log=build/test.log state=build/test.state unsteady
	rm -f "$state"
	# What servers and sanitizers say matters when something fails.
	prove --timer -j "$(nproc)" --state=save --statefile="$state" \
	    --exec '' "$@" 2> build/test.err | tee -a "$log" && return
	say "the end of build/test.err:"
	tail -n 40 build/test.err >&2
	! grep -qE 'Sanitizer:|runtime error:' build/test.err || return 1
	unsteady=$(prove --dry --state=failed --statefile="$state")
	prove --timer -v --state=failed --statefile="$state" --exec '' \
	    2> build/test.err | tee -a "$log" || {
		tail -n 40 build/test.err >&2
		return 1
	}
	say "UNSTEADY, passed only when run alone:" "$unsteady"
}

test_all()
{
	local kind list=() failed=0 log=build/test.log
	(($#)) || set -- unit lint fuzz e2e
	build_checked posthaste tests
	unpack_beside
	export ASAN_OPTIONS=detect_leaks=1:exitcode=99:abort_on_error=0
	export UBSAN_OPTIONS=halt_on_error=1:exitcode=99:print_stacktrace=1
	export POSTHASTE_BUILD=$here/build/asan LINT_SECONDS=60
	: > "$log"
	for kind; do
		if [[ $kind == fuzz ]]; then
			fuzz "" 3 || failed=1
			continue
		fi
		mapfile -t list < <(tests_of "$kind")
		((${#list[@]})) || die "test: nothing in $kind"
		say "$kind: ${#list[@]} programs"
		run_programs "${list[@]}" || failed=1
	done
	echo "The slowest:"
	sed -nE 's/^\[[0-9:]+\] ([^ ]+) .* ([0-9]+) ms.*/\2 ms \1/p' "$log" |
	    sort -rn | sed -n 1,5p
	((failed == 0)) || die "there were failures"
}

fuzz()
{
	local target=${1:-} seconds=${2:-60}
	need "${build_packages[@]}" clang libclang-rt-14-dev
	CC=clang configure fuzz --buildtype debugoptimized \
	    -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dc_args=-fsanitize=fuzzer-no-link
	compile fuzz fuzzers
	case $target in
	--minutes)
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "fuzz: --minutes wants a number"
		tests/fuzz/campaign build/fuzz build/fuzz/found "${@:2}"
		return
		;;
	--keep)
		fuzz_keep
		return
		;;
	esac
	[[ -z $target || -x build/fuzz/fuzz_$target ]] ||
	    die "fuzz: no target $target; there are:" \
	    "$(cd tests/fuzz && echo *.c)"
	export -f fuzz_one
	fuzz_targets "$target" | xargs -P "$(nproc)" -I '{}' \
	    bash -c 'fuzz_one "$1" "$2"' fuzz '{}' "$seconds"
}

fuzz_targets()
{
	local source
	for source in tests/fuzz/*.c; do
		source=${source##*/}
		[[ -z $1 || $1 == "${source%.c}" ]] || continue
		printf '%s\n' "${source%.c}"
	done
}

# What a run finds is kept in build/; worth keeping goes to tests/fuzz/corpus.
fuzz_one()
{
	local name=$1 corpus=tests/fuzz/corpus/$1 found=build/fuzz/found/$1
	mkdir -p "$found"
	local folders=("$found")
	[[ -d $corpus ]] && folders+=("$corpus")
	[[ -f tests/fuzz/dict/$1 ]] && folders+=(-dict="tests/fuzz/dict/$1")
	if build/fuzz/fuzz_"$name" -max_total_time="$2" -timeout=5 \
	    -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix="$found-" "${folders[@]}" \
	    > "$found.log" 2>&1; then
		echo "ok - $name: $(sed -nE \
		    's/^stat::number_of_executed_units: *//p' "$found.log")" \
		    "inputs"
	else
		echo "not ok - $name; see $found.log"
		tail -n 15 "$found.log" | sed 's/^/# /'
		return 1
	fi
}

# The corpora grow by few and small inputs that reach new lines, not by each that
# reaches one more often.
fuzz_keep()
{
	local name
	fuzz_targets "" | while read -r name; do
		[[ -d build/fuzz/found/$name ]] || continue
		mkdir -p "tests/fuzz/corpus/$name"
		build/fuzz/fuzz_"$name" -set_cover_merge=1 -use_counters=0 \
		    -max_len=2048 -rss_limit_mb=1024 -timeout=10 \
		    "tests/fuzz/corpus/$name" "build/fuzz/found/$name" \
		    > "build/fuzz/found/$name.merge.log" 2>&1 ||
		    die "fuzz: see build/fuzz/found/$name.merge.log"
		say "$name: $(find "tests/fuzz/corpus/$name" -type f | wc -l) inputs"
	done
}

# How many lines of the code that a target is for (tests/fuzz/covers) its corpus
# and what was found reach, in a build of its own that only counts.
coverage()
{
	need "${build_packages[@]}" clang libclang-rt-14-dev llvm
	CC=clang configure cover --buildtype debugoptimized \
	    -Db_sanitize=address,undefined -Db_lundef=false \
	    "-Dc_args=-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping" \
	    -Dc_link_args=-fprofile-instr-generate
	compile cover fuzzers
	tests/fuzz/coverage build/cover build/fuzz/found > docs/fuzz.md.new
	mv docs/fuzz.md.new docs/fuzz.md
}

lint()
{
	local list
	need "${build_packages[@]}" "${test_packages[@]}"
	mapfile -t list < <(tests_of lint)
	prove --timer -j "$(nproc)" --exec '' "${list[@]}"
}

# How often each is done when nobody says.
torture_rounds()
{
	case $1 in
	kill) echo 2000 ;;
	power) echo 500 ;;
	calls) echo 400 ;;
	clock) echo 100 ;;
	loris) echo 2000 ;;
	storm) echo 200 ;;
	idle) echo 10000 ;;
	faults) echo 1 ;;
	*) die "torture: no $1; there are kill power calls clock loris storm" \
	    "idle faults" ;;
	esac
}

# What is measured runs as it is built for people; all else is checked.
torture()
{
	local kind rounds file failed=0 list=(kill power calls clock faults
		loris storm idle)
	[[ -z ${1:-} ]] || list=("$1")
	[[ -z ${2:-} || $2 =~ ^[1-9][0-9]*$ ]] || die "torture: $2 rounds?"
	export ASAN_OPTIONS=detect_leaks=1:exitcode=99:abort_on_error=0
	export UBSAN_OPTIONS=halt_on_error=1:exitcode=99:print_stacktrace=1
	for kind in "${list[@]}"; do
		rounds=${2:-$(torture_rounds "$kind")}
		file=tests/torture/$kind.py
		[[ $kind != faults ]] || file=tests/e2e/faults.py
		case $kind in
		power | loris | storm | idle)
			build_release
			export POSTHASTE_BUILD=$here/build/release
			;;
		*)
			build_checked posthaste
			export POSTHASTE_BUILD=$here/build/asan
			;;
		esac
		say "$kind: $rounds"
		TORTURE_ROUNDS=$rounds prove --timer -v --exec '' "$file" ||
		    failed=1
	done
	((failed == 0)) || die "there were failures"
}

bench()
{
	need "${bench_packages[@]}"
	build_release
	# Files are named as seen from where the caller is.
	cd "$from"
	POSTHASTE_BUILD=$here/build/release exec "$here/tests/bench/run" "$@"
}

install_files()
{
	local prefix=/usr root='' page
	while (($#)); do
		(($# > 1)) || die "install: $1 wants a value"
		case $1 in
		--prefix) prefix=$2 ;;
		--root) root=$(absolute "$2") ;;
		*) die "install: no option $1" ;;
		esac
		shift 2
	done
	build_release
	install -D -m 755 -s build/release/posthaste \
	    "$root$prefix/sbin/posthaste"
	for page in davd/man/*.[1-8]; do
		[[ -e $page ]] || continue
		install -D -m 644 "$page" \
		    "$root$prefix/share/man/man${page##*.}/${page##*/}"
	done
	install -D -m 644 LICENSE "$root$prefix/share/doc/posthaste/copyright"
	install -D -m 644 davd/package/sysusers.conf \
	    "$root$prefix/lib/sysusers.d/posthaste.conf"
	mkdir -p "$root$prefix/lib/systemd/system"
	sed "s|@prefix@|$prefix|" davd/package/posthaste.service \
	    > "$root$prefix/lib/systemd/system/posthaste.service"
	install -m 755 davd/package/posthaste-acme \
	    "$root$prefix/sbin/posthaste-acme"
	sed "s|@prefix@|$prefix|" davd/package/posthaste-acme.service \
	    > "$root$prefix/lib/systemd/system/posthaste-acme.service"
	install -m 644 davd/package/posthaste-acme.timer \
	    "$root$prefix/lib/systemd/system/posthaste-acme.timer"
}

package()
{
	local root=$here/build/package version arch file depends
	need "${build_packages[@]}" dpkg-dev
	rm -rf "$root"
	install_files --prefix /usr --root "$root"
	gzip -9n "$root"/usr/share/man/man*/*
	version=$(sed -nE "s/^  version : '([^']+)'.*/\1/p" meson.build)
	arch=$(dpkg --print-architecture)
	mkdir -p "$root/DEBIAN" build/shlibdeps/debian
	touch build/shlibdeps/debian/control
	depends=$(cd build/shlibdeps && dpkg-shlibdeps -O \
	    "$root/usr/sbin/posthaste" 2> /dev/null |
	    sed -n 's/^shlibs:Depends=//p')
	sed -e "s|@version@|$version|" -e "s|@arch@|$arch|" \
	    -e "s|@depends@|$depends|" \
	    -e "s|@size@|$(du -sk --exclude=DEBIAN "$root" | cut -f1)|" \
	    davd/package/control > "$root/DEBIAN/control"
	for file in postinst prerm postrm; do
		install -m 755 "davd/package/$file" "$root/DEBIAN/$file"
	done
	file=build/posthaste_${version}_$arch.deb
	dpkg-deb --root-owner-group -b "$root" "$file" > /dev/null
	echo "$file"
}

main()
{
	local command=${1:-help}
	(($#)) && shift
	case $command in
	run) run "$@" ;;
	test) test_all "$@" ;;
	bench) bench "$@" ;;
	fuzz) fuzz "$@" ;;
	coverage) coverage ;;
	torture) torture "$@" ;;
	lint) lint "$@" ;;
	install) install_files "$@" ;;
	package) package "$@" ;;
	clean) rm -rf build ;;
	help | -h | --help) usage ;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

main "$@"
