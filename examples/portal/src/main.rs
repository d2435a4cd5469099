//! Starts the portal.
fn main() {}
