FROM bb:1

RUN echo antes && \
    exit 3
