#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::mp4_index(data));
