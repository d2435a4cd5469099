//! One door.
