"""¿Cómo se lee un cuaderno sin JupyterLab?"""
