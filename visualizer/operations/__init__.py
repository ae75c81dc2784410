"""What can be done, apart from requests: verbs that take plain arguments and change database and storage."""
