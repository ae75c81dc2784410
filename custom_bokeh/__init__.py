"""The Bokeh server: one application for each visualization, fed from the files of the user storage."""
