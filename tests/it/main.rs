//! Everything that is tested from outside a module: the daemon, the commands, the simulation, the rules of the house.

#![allow(clippy::print_stderr, reason = "a test says what it saw")]

mod cli;
mod copies;
mod daemon;
mod narrowed;
mod owner;
mod pages;
mod pipeline;
mod punctual;
mod sim;
mod standing;
mod support;
mod tidy;
mod upgrade;
mod year;
