//! Publication times of feeds that nobody here wrote.

pub fn report() -> bool {
    true
}
