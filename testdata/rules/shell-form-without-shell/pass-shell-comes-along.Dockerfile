FROM scratch
ADD rootfs.tar.gz /
RUN apk update
CMD /cats
