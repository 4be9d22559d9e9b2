"""Rows of the vault: functions over one statement each, `tx` first. Nobody but the vault opens them."""
