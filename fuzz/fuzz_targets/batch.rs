//! A batch from foreign bytes: damage is an error, and what is read is written back as the same batch.

#![no_main]

use langbao::core::model::Batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(batch) = postcard::from_bytes::<Batch>(data) {
        let bytes = postcard::to_allocvec(&batch).expect("a batch can be written");
        let again = postcard::from_bytes::<Batch>(&bytes).expect("what was written can be read");
        // Bytes, since foreign ones may hold a number that is none and so not its own equal.
        let once_more = postcard::to_allocvec(&again).expect("a batch can be written");
        assert_eq!(once_more, bytes);
    }
});
