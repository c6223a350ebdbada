//! One layer of settings on top of another: a file over the defaults, the environment over both.

use super::ConfigError;
use toml::{Table, Value};

/// Puts `over` on top of `base`; keys and types must be those of `base`.
pub(super) fn merge(base: &mut Table, over: Table, prefix: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => return Err(ConfigError::UnknownKey { key: path }),
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over, &path)?,
            (Some(base), value) if base.same_type(&value) => *base = value,
            (Some(base), value) => {
                return Err(ConfigError::WrongType {
                    key: path,
                    found: value.type_str(),
                    expected: base.type_str(),
                });
            }
        }
    }
    Ok(())
}

/// Sets every key that has a variable.
pub(super) fn apply_environment(
    settings: &mut Table,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    for (variable, value) in environment.filter(|(name, _)| name.starts_with("WEIR_")) {
        let Some(setting) = find_by_variable(settings, "WEIR", &variable) else {
            return Err(ConfigError::UnknownVariable(variable));
        };
        let expected = setting.type_str();
        let parsed = match setting {
            Value::String(_) => Some(Value::String(value.clone())),
            Value::Integer(_) => value.parse().ok().map(Value::Integer),
            Value::Boolean(_) => value.parse().ok().map(Value::Boolean),
            Value::Array(_) => {
                format!("value = {value}").parse::<Table>().ok().and_then(|mut table| table.remove("value"))
            }
            _ => None,
        };
        match parsed {
            Some(parsed) if parsed.same_type(setting) => *setting = parsed,
            _ => return Err(ConfigError::Variable { variable, value, expected }),
        }
    }
    Ok(())
}

fn find_by_variable<'a>(table: &'a mut Table, prefix: &str, variable: &str) -> Option<&'a mut Value> {
    for (key, value) in table {
        let name = format!("{prefix}_{}", key.to_uppercase());
        match value {
            Value::Table(inner) => {
                if variable.starts_with(&format!("{name}_"))
                    && let Some(found) = find_by_variable(inner, &name, variable)
                {
                    return Some(found);
                }
            }
            value if name == variable => return Some(value),
            _ => {}
        }
    }
    None
}
