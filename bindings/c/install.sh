#!/bin/sh
# Installs the C library below a prefix: headers, the shared library with its links, the static one, and tenure.pc.
#
#   bindings/c/install.sh PREFIX           builds first, optimized
#   bindings/c/install.sh PREFIX FOLDER    takes libtenure_c.so and libtenure_c.a from there
#
# DESTDIR, where it is set, stands before the prefix of the files and not in tenure.pc.
set -eu

[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: $0 PREFIX [FOLDER]" >&2; exit 2; }
case "$1" in /*) ;; *) echo "$0: the prefix is an absolute path, and this is not: $1" >&2; exit 2 ;; esac
prefix=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
into="${DESTDIR:-}$prefix"

if [ $# -eq 2 ]; then
    built=$2
else
    (cd "$root" && cargo build --locked --release -p tenure-c)
    built="${CARGO_TARGET_DIR:-$root/target}/release"
fi

# Before 1.0 the second number moves where a program must be changed.
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
case "$version" in
0.*) major=$(echo "$version" | cut -d. -f1,2) ;;
*) major=$(echo "$version" | cut -d. -f1) ;;
esac

mkdir -p "$into/include" "$into/lib/pkgconfig"
install -m 644 "$here/include/tenure.h" "$here/include/tenure.hpp" "$into/include/"
install -m 755 "$built/libtenure_c.so" "$into/lib/libtenure.so.$version"
ln -sf "libtenure.so.$version" "$into/lib/libtenure.so.$major"
ln -sf "libtenure.so.$major" "$into/lib/libtenure.so"
install -m 644 "$built/libtenure_c.a" "$into/lib/libtenure.a"
sed -e "s|@prefix@|$prefix|" -e "s|@version@|$version|" \
    -e "s|@private@|-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc|" \
    "$here/tenure.pc.in" >"$into/lib/pkgconfig/tenure.pc"
# What was built here carries what debuggers need, which is larger than the rest.
if [ $# -eq 1 ] && command -v strip >/dev/null; then
    strip --strip-unneeded "$into/lib/libtenure.so.$version"
    strip --strip-debug "$into/lib/libtenure.a"
fi
echo "tenure $version is installed below $prefix"
