# What CI runs, and what a developer runs before a push.

# fmt, clippy, tests, docs, licences
check: fmt clippy test doc deny

fmt:
    cargo fmt --check

clippy:
    cargo clippy --all-targets --locked -- -D warnings

test:
    cargo test --locked

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked

# advisories only where their database can be had
deny:
    cargo deny --locked check bans licenses sources

# What takes longer than a push may: every cut of the corpus, and the benches with their bounds
nightly:
    bash .ci/measure cuts
    bash .ci/measure benches

# Every bench with its bounds; the one of taking in needs nginx and curl
bench:
    cargo bench --locked --bench reading --bench dedup --bench schedule --bench ingest
