"""What views share: fragments, middleware, addresses, long lists, charts, calendars, stencils of rows."""
