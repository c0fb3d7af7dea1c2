"""Ask owners of systems by mail and take their answers in: who they are, what is sent, what came back, what time asks for."""
