//! Runs random worlds.

fn main() {}
