"""The case study: does a face recognition network gain from knowing the expression?"""
