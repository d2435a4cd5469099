#[test]
fn explore() {
    use super::*;
    let types = AttributeTypes::new(
        [("department", "string"), ("level", "long"), ("region", "string?")].iter().map(|(n, t)| (n.to_string(), Field::parse(t).unwrap())).collect(),
        Fields::new(),
        [("on_call", "bool")].iter().map(|(n, t)| (n.to_string(), Field::parse(t).unwrap())).collect(),
    ).unwrap();
    for text in ["1 +", "true true", "foo == 1", "a b", "principal.x ==", "\"\\q\" == \"\"", "principal.groups.contain(\"a\")", "foo(1)", "1 + 1", "99999999999999999999 == 1", "!!!!!true", "if true then 1", "a < b < c", "", "// x", "principal.x = 1", "{a: 1, a: 2} == {}", "true // }", "-9223372036854775808 == 1","datetime(\"x\") == datetime(\"y\")", "9 / 3 == 3", "principal.x like 3", "#"] {
        println!("{text:?} => {:?}", compile(text, None).map(|_| ()));
    }
    for text in ["principal.departmen == \"x\"", "principal.department == 5", "principal.region == \"x\"", "principal has region && principal.region == \"x\"", "principal.level", "context.ask.now > context.ask.span", "resource.labels.env == \"prod\"", "resource.labels has env && resource.labels.env == 1", "!(resource.labels has pii)", "context.on_call && principal.level > \"a\"", "principal.nope && context.nix", "ip(principal.department).isLoopback()", "[] == []", "principal.groups.contains(1)","context.ask.mfa_age < duration(\"1h\")", "context.ask has mfa_age && context.ask.mfa_age < duration(\"1h\")", "context.ask.now.toTime() < duration(\"8h\")"] {
        println!("T {text:?} => {:?}", compile(text, Some(&types)).map(|_| ()));
    }
}
