use super::*;
use crate::amf0::VALUES_MAX;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_all(&bytes);
    }

    #[test]
    fn no_run_of_small_bytes_makes_it_panic(bytes in prop::collection::vec(0u8..0x14, 0..300)) {
        let _ = decode_all(&bytes);
    }
}

#[test]
fn plain_values_are_read() {
    let bytes = [
        &[0, 1, 2, 3][..],
        &[4, 0x7F],                         // 127
        &[4, 0xFF, 0xFF, 0xFF, 0xFF],       // -1: all 29 bits set
        &[4, 0x81, 0x00],                   // 128
        &[5, 0x40, 0, 0, 0, 0, 0, 0, 0],    // 2.0
        &[6, 5, b'h', b'i', 6, 0],          // "hi", and the same by reference
        &[8, 1, 0x40, 0, 0, 0, 0, 0, 0, 0], // date
        &[11, 5, b'<', b'>'],               // XML
        &[12, 5, 1, 2],                     // byte array
        &[10, 0],                           // object by reference
    ];
    assert_eq!(
        decode_all(&bytes.concat()).unwrap(),
        [
            Value::Undefined,
            Value::Null,
            false.into(),
            true.into(),
            127.0.into(),
            (-1.0).into(),
            128.0.into(),
            2.0.into(),
            "hi".into(),
            "hi".into(),
            Value::Date(2.0),
            "<>".into(),
            Value::Undefined,
            Value::Undefined,
        ]
    );
}

#[test]
fn an_object_has_sealed_and_dynamic_members_and_its_shape_can_be_used_again() {
    let bytes = [
        // inline object, inline traits, dynamic, 1 sealed member (1<<4 | 0b1011), no class name, "a"
        &[10, 0x1B, 1, 3, b'a', 4, 1][..],
        &[3, b'b', 4, 2, 1], // dynamic "b": 2, end
        // second object, traits 0 (0<<2 | 0b01): a = 3, no dynamic members
        &[10, 0x01, 4, 3, 1],
    ];
    assert_eq!(
        decode_all(&bytes.concat()).unwrap(),
        [Value::object([("a", 1.0.into()), ("b", 2.0.into())]), Value::object([("a", Value::from(3.0))]),]
    );
}

#[test]
fn an_array_with_names_and_positions_keeps_both() {
    let bytes = [9, 3, 3, b'k', 3, 1, 4, 7];
    assert_eq!(
        decode_all(&bytes).unwrap(),
        [Value::EcmaArray(vec![("k".into(), true.into()), ("0".into(), 7.0.into())])]
    );
}

#[test]
fn deep_nesting_is_refused() {
    assert_eq!(decode_all(&[9, 3, 1].repeat(100_000)), Err(Error::AmfDepth { max: 32 }));
    // objects in the sealed member of one another
    assert_eq!(decode_all(&[10, 0x13, 1, 3, b'a'].repeat(60_000)), Err(Error::AmfDepth { max: 32 }));
}

#[test]
fn too_many_values_and_too_many_sealed_names_are_refused() {
    assert_eq!(decode_all(&[1; VALUES_MAX + 1]), Err(Error::AmfValues { max: VALUES_MAX }));
    // an object that declares 2^25 sealed members, all with the empty name
    let mut sealed = vec![10, 0xFF, 0xFF, 0xFF, 0xF3];
    sealed.resize(300_000, 1);
    assert_eq!(decode_all(&sealed), Err(Error::AmfValues { max: VALUES_MAX }));
}

#[test]
fn one_long_string_cannot_be_repeated_without_end() {
    // a string of 2^14 bytes, then references to it
    let mut bytes = vec![6, 0x82, 0x80, 0x01];
    bytes.extend([b'x'; 1 << 14]);
    bytes.extend([6, 0].repeat(4));
    assert_eq!(decode_all(&bytes).unwrap().len(), 5);
    bytes.extend([6, 0]);
    assert_eq!(decode_all(&bytes), Err(Error::AmfReferences { max_bytes: REFERENCED_BYTES_MAX }));
}

#[test]
fn a_reference_to_nothing_is_an_error_that_says_so() {
    let error = decode_all(&[6, 4]).unwrap_err();
    assert_eq!(error.to_string(), "AMF3 reference 2 to a string, of which 0 are known (AMF3 §2.2)");
}

#[test]
fn what_is_not_read_is_named() {
    assert_eq!(decode_all(&[0x0D, 1]), Err(Error::AmfMarker { version: 3, marker: 0x0D }));
    assert_eq!(decode_all(&[10, 0x07, 1]), Err(Error::AmfExternalizable));
}
