use super::*;
use proptest::prelude::*;

fn encoded(value: &Value) -> BytesMut {
    let mut out = BytesMut::new();
    encode(value, &mut out);
    out
}

/// Any value an AMF0 message can hold and give back unchanged.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|number| Value::Number(number.into())),
        any::<bool>().prop_map(Value::Boolean),
        ".{0,12}".prop_map(Value::String),
        Just(Value::Null),
        Just(Value::Undefined),
        any::<i32>().prop_map(|number| Value::Date(number.into())),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let members = prop::collection::vec((".{1,8}", inner.clone()), 0..6);
        prop_oneof![
            members.clone().prop_map(Value::Object),
            members.prop_map(Value::EcmaArray),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
        ]
    })
}

fn has_ecma_array(values: &[Value]) -> bool {
    format!("{values:?}").contains("EcmaArray")
}

/// The other reader keeps no order and no difference between null and undefined, and does not find the end of an
/// ECMA array.
fn is_same(ours: &Value, theirs: &scuffle_amf0::Amf0Value<'_>) -> bool {
    use scuffle_amf0::Amf0Value as Theirs;
    match (ours, theirs) {
        (Value::Number(ours) | Value::Date(ours), Theirs::Number(theirs)) => ours == theirs,
        (Value::Boolean(ours), Theirs::Boolean(theirs)) => ours == theirs,
        (Value::String(ours), Theirs::String(theirs)) => ours == theirs.as_str(),
        (Value::Null | Value::Undefined, Theirs::Null) => true,
        (Value::Object(ours), Theirs::Object(theirs)) => {
            ours.iter().all(|(key, _)| theirs.iter().any(|(name, _)| name.as_str() == key))
        }
        (Value::StrictArray(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs.iter()).all(|(ours, theirs)| is_same(ours, theirs))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(values in prop::collection::vec(any_value(), 0..5)) {
        let mut out = BytesMut::new();
        for value in &values {
            encode(value, &mut out);
        }
        prop_assert_eq!(decode_all(&out).unwrap(), values);
    }

    #[test]
    fn another_reader_reads_what_is_written(mut values in prop::collection::vec(any_value(), 1..4)) {
        values.retain(|value| !has_ecma_array(std::slice::from_ref(value)));
        let mut out = BytesMut::new();
        for value in &values {
            encode(value, &mut out);
        }
        let mut decoder = scuffle_amf0::decoder::Amf0Decoder::from_slice(&out);
        for value in &values {
            prop_assert!(is_same(value, &decoder.decode_value().unwrap()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_all(&bytes);
    }

    #[test]
    fn no_run_of_markers_makes_it_panic(bytes in prop::collection::vec(0u8..0x13, 0..300)) {
        let _ = decode_all(&bytes);
    }

    #[test]
    fn a_message_cut_short_is_an_error_or_fewer_values(value in any_value(), cut in any::<prop::sample::Index>()) {
        let bytes = encoded(&value);
        let cut = cut.index(bytes.len());
        match decode_all(&bytes[..cut]) {
            // Only ECMA arrays may end without saying so.
            Ok(values) => prop_assert!(values.is_empty() || has_ecma_array(&values)),
            Err(Error::Truncated { .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

#[test]
fn the_connect_command_of_an_encoder_is_read() {
    let mut message = BytesMut::new();
    for value in [
        Value::from("connect"),
        Value::from(1.0),
        Value::object([("app", Value::from("live")), ("fpad", false.into()), ("objectEncoding", 0.0.into())]),
    ] {
        encode(&value, &mut message);
    }
    let values = decode_all(&message).unwrap();
    assert_eq!(values[0].as_str(), Some("connect"));
    assert_eq!(values[1].as_f64(), Some(1.0));
    assert_eq!(values[2].get("app").and_then(Value::as_str), Some("live"));
    assert_eq!(values[2].get("fpad").and_then(Value::as_bool), Some(false));
    assert_eq!(values[2].get("tcUrl"), None);
}

#[test]
fn a_third_of_a_megabyte_of_nested_objects_is_refused() {
    let nested: Vec<u8> = [3, 0, 1, b'a'].repeat(75_000);
    assert_eq!(decode_all(&nested), Err(Error::AmfDepth { max: 32 }));
    let arrays: Vec<u8> = [10, 0, 0, 0, 1].repeat(60_000);
    assert_eq!(decode_all(&arrays), Err(Error::AmfDepth { max: 32 }));
    let ecma: Vec<u8> = [8, 0, 0, 0, 1, 0, 1, b'a'].repeat(40_000);
    assert_eq!(decode_all(&ecma), Err(Error::AmfDepth { max: 32 }));
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let mut bytes: Vec<u8> = [3, 0, 1, b'a'].repeat(DEPTH_MAX);
    bytes.push(5);
    bytes.extend([0, 0, 9].repeat(DEPTH_MAX));
    let values = decode_all(&bytes).unwrap();
    assert_eq!(values.len(), 1);
    assert_eq!(encoded(&values[0]), bytes);
}

#[test]
fn too_many_values_are_refused_however_they_are_grouped() {
    assert_eq!(decode_all(&[5; VALUES_MAX]).unwrap().len(), VALUES_MAX);
    assert_eq!(decode_all(&[5; VALUES_MAX + 1]), Err(Error::AmfValues { max: VALUES_MAX }));
    let mut array = vec![10, 0xFF, 0xFF, 0xFF, 0xFF];
    array.resize(300_000, 5);
    assert_eq!(decode_all(&array), Err(Error::AmfValues { max: VALUES_MAX }));
}

#[test]
fn a_length_past_the_end_allocates_nothing_and_says_what_is_missing() {
    let error = decode_all(&[12, 0xFF, 0xFF, 0xFF, 0xFF, b'a']).unwrap_err();
    assert_eq!(error.to_string(), "AMF0 value is cut short: 4294967295 more bytes expected, 1 left");
}

#[test]
fn an_ecma_array_without_its_end_marker_ends_with_the_message() {
    let mut bytes = encoded(&Value::EcmaArray(vec![("width".into(), 1280.0.into())]));
    bytes.truncate(bytes.len() - 3);
    assert_eq!(decode_all(&bytes).unwrap()[0].get("width"), Some(&Value::Number(1280.0)));
    bytes[0] = marker::OBJECT;
    assert!(decode_all(&bytes).is_err(), "an object must end");
}

#[test]
fn references_typed_objects_xml_and_unsupported_values_do_not_end_the_message() {
    let bytes = [
        &[7, 0, 0][..],                                  // reference 0
        &[13],                                           // unsupported
        &[15, 0, 0, 0, 2, b'<', b'>'],                   // XML document
        &[16, 0, 1, b'C', 0, 1, b'k', 1, 1, 0, 0, 9],    // object of class C
        &[11, 0x40, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xC4, 5], // date 2.0, with a time zone; null
    ];
    assert_eq!(
        decode_all(&bytes.concat()).unwrap(),
        [
            Value::Undefined,
            Value::Undefined,
            Value::from("<>"),
            Value::object([("k", true.into())]),
            Value::Date(2.0),
            Value::Null
        ]
    );
    assert_eq!(decode_all(&[4]), Err(Error::AmfMarker { version: 0, marker: 4 }));
}

#[test]
fn a_string_longer_than_a_short_string_is_written_as_a_long_one() {
    let value = Value::String("x".repeat(70_000));
    let bytes = encoded(&value);
    assert_eq!(bytes[0], marker::LONG_STRING);
    assert_eq!(decode_all(&bytes).unwrap(), [value]);
}

#[test]
fn text_that_is_not_utf_8_is_kept_as_far_as_possible() {
    assert_eq!(decode_all(&[2, 0, 2, b'a', 0xFF]).unwrap(), [Value::from("a\u{FFFD}")]);
}

#[test]
fn the_rest_behind_a_value_can_be_asked_for() {
    let mut decoder = Decoder::new(&[5, 1, 1]);
    assert_eq!(decoder.next_value().unwrap(), Some(Value::Null));
    assert_eq!(decoder.rest(), [1, 1]);
    assert_eq!(decoder.next_value().unwrap(), Some(Value::Boolean(true)));
    assert_eq!(decoder.next_value().unwrap(), None);
}

#[test]
fn a_value_may_switch_to_amf3_within_the_same_limits() {
    // null, then avmplus: an AMF3 array of one integer
    let bytes = [5, 0x11, 9, 3, 1, 4, 42];
    assert_eq!(decode_all(&bytes).unwrap(), [Value::Null, Value::StrictArray(vec![42.0.into()])]);
    let mut deep: Vec<u8> = [3, 0, 1, b'a'].repeat(20);
    deep.push(0x11);
    deep.extend([9, 3, 1].repeat(20));
    assert_eq!(decode_all(&deep), Err(Error::AmfDepth { max: 32 }));
}
