//! The demo: a policy, six people, and a short story under way.
