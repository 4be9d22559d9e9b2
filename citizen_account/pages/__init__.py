"""What people see: one file a page, its form in it. Each has `blueprint(house)`; each view declares its policy."""
