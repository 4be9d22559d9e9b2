"""The example kiosk."""
