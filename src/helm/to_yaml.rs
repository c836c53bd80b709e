pub fn to_yaml(_: &mut super::exec::Exec<'_>, _: &super::value::Node) -> Result<super::rope::Str, String> { Err(String::new()) }
