//! The name under which programs find the shared library when they run: `libtenure.so.0.1` until 1.0, then by the first
//! number alone, for that is what may break.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let set = |name: &str| env::var(name).unwrap_or_default();
    let (major, minor) = (set("CARGO_PKG_VERSION_MAJOR"), set("CARGO_PKG_VERSION_MINOR"));
    let version = if major == "0" { format!("0.{minor}") } else { major };
    match set("CARGO_CFG_TARGET_OS").as_str() {
        "linux" => println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtenure.so.{version}"),
        "macos" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libtenure.{version}.dylib");
        }
        _ => {}
    }
}
