"""What is measured on a site, one module for each kind of work. Each has `figures(place)`, which yields `measure.Figure`s."""
