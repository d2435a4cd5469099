//! Notices in words, as e-mail and as webhooks, over real sockets.

mod house;
mod mail;
mod sink;
mod webhook;
mod words;
