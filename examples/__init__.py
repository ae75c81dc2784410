"""Scripts to upload, and the data that they bring along."""
