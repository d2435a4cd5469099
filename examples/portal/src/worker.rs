//! What goes on without anybody looking: time is written down, targets and people are told.
